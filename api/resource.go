package api

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
)

// Resource is a kind of resource that paths name by id.
type Resource string

// The resources, as the documents call them.
const (
	Server    Resource = "Server"
	View      Resource = "View"
	Zone      Resource = "Zone"
	Record    Resource = "Record"
	User      Resource = "User"
	Role      Resource = "Role"
	Privilege Resource = "Privilege"
	// Credential is what a program acts with.
	Credential Resource = "Credential"
	// EnrolmentToken is what a host enrols its agent with.
	EnrolmentToken Resource = "EnrolmentToken"
	// Webhook is what events are sent to.
	Webhook Resource = "Webhook"
	// Import is an import that is staged.
	Import Resource = "Import"
	// Rollout is a configuration that goes to the name servers in stages.
	Rollout Resource = "Rollout"
	// Machine and Task are those of the operations dialect.
	Machine Resource = "Machine"
	Task    Resource = "Task"
)

// missing is the error for an id in the path that names nothing.
func (r Resource) missing(id string) error {
	return domain.NotFound("%s %s 不存在！", string(r), id)
}

// PathID reads the id of the path.
func PathID(c echo.Context, kind Resource) (int64, error) { return ParseID(c.Param("id"), kind) }

// ParseID reads an id as it stands in a path.
func ParseID(text string, kind Resource) (int64, error) {
	if n, ok := ParseInteger(text); ok {
		return n, nil
	}
	digits := strings.TrimPrefix(text, "-")
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		return 0, kind.missing(text) // an integer beyond all ids
	}
	return 0, domain.Invalid("id", "必须是整数！")
}

// Found turns the read models' "not there" into the reply for the path's id.
func Found(kind Resource, id int64, err error) error {
	if errors.Is(err, query.ErrNotFound) {
		return kind.missing(strconv.FormatInt(id, 10))
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	return nil
}
