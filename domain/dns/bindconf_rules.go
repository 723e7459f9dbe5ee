package dns

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// ReservedPrefix starts the names of keys and ACLs that are generated.
const ReservedPrefix = "opsledger-"

// Validate refuses, naming it, every statement that is not known to be safe
// beside what is generated. The texts of zones and views, the control channel,
// anything that reads or writes a file of its choice or loads code, and options that
// decide where named listens, keeps its files, accepts updates or refuses records are
// not the client's to say. It does not replace named-checkconf.
func (c *BindConf) Validate() error {
	if err := c.ValidateStored(); err != nil {
		return err
	}
	for _, s := range c.Statements {
		if s.Name() == "statistics-channels" {
			if err := validateStatistics(s); err != nil {
				return err
			}
		}
	}
	if err := c.validateEffect(); err != nil {
		return err
	}
	if len(c.String()) > maxRenderedConf {
		return domain.Invalid("bind_conf", "重新排版后不能超过%d字节！", maxRenderedConf)
	}
	return nil
}

// ValidateStored is [BindConf.Validate] for a text that was accepted before. It has all
// rules that keep files and code out, and not those about a size or an address, which
// came later.
func (c *BindConf) ValidateStored() error {
	if len(c.Statements) == 0 {
		return domain.Invalid("bind_conf", "没有任何语句！")
	}
	once := map[string]bool{"options": false, "logging": false, "statistics-channels": false}
	for _, s := range c.Statements {
		if err := validateStatement(s); err != nil {
			return err
		}
		if seen, single := once[s.Name()]; single && seen {
			return confError(s.Line, "%s语句只能有一个", s.Name())
		} else if single {
			once[s.Name()] = true
		}
	}
	return nil
}

func validateStatement(s Statement) error {
	rules := []func(Statement) error{validateClauses, validatePlain, validateQuoted}
	switch name := s.Name(); name {
	case "options":
		rules = append([]func(Statement) error{validateOptions}, rules...)
	case "logging":
		rules = []func(Statement) error{validateClauses, validateLogging, validateQuoted}
	case "key":
		rules = append(rules, validateNamed, validateKey)
	case "acl":
		rules = append(rules, validateNamed)
	case "primaries", "masters", "parental-agents", "server", "tls", "http", "trust-anchors", "statistics-channels":
	default:
		return confError(s.Line, "不允许的语句%q", shorten(name))
	}
	for _, rule := range rules {
		if err := rule(s); err != nil {
			return err
		}
	}
	return nil
}

// validatePlain refuses statements that name files, at any depth.
func validatePlain(s Statement) error {
	for _, e := range s.Elements {
		for _, inner := range e.Block {
			name := inner.Name()
			if name == "include" || name == "file" || name == "directory" ||
				strings.HasSuffix(name, "-file") || strings.HasSuffix(name, "-directory") {
				return confError(inner.Line, "不允许的语句%q", shorten(name))
			}
			if err := validatePlain(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateNamed refuses names that start as the generated ones do.
func validateNamed(s Statement) error {
	if strings.HasPrefix(strings.ToLower(s.word(1)), ReservedPrefix) {
		return confError(s.Line, "%s的名字不能以%q开头", s.Name(), ReservedPrefix)
	}
	return nil
}

func validateKey(s Statement) error {
	for _, inner := range s.block() {
		if inner.Name() == "secret" && !isSecret(inner, decodesBase64) {
			return confError(inner.Line, "secret必须是base64")
		}
	}
	return nil
}

// isSecret accepts a secret in the right encoding, or a reference to one.
func isSecret(s Statement, decodes func(string) bool) bool {
	if len(s.Elements) != 2 || s.Elements[1].IsBlock {
		return false
	}
	text := s.Elements[1].Text
	if id, ok := strings.CutPrefix(text, secretReference); ok {
		return regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(id)
	}
	return isSecretText(text) && decodes(text)
}

func decodesBase64(text string) bool {
	raw, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(raw) > 0
}

func decodesHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil
}

func validateOptions(s Statement) error {
	if len(s.Elements) != 2 || !s.Elements[1].IsBlock {
		return confError(s.Line, "options语句不正确")
	}
	for _, o := range s.block() {
		switch name := o.Name(); {
		case IsGeneratedOption(name):
			return confError(o.Line, "选项%q由系统生成，不能设置", name)
		case !isAllowedOption(name):
			return confError(o.Line, "不允许的选项%q", shorten(name))
		case name == "cookie-secret" && !isSecret(o, decodesHex):
			return confError(o.Line, "cookie-secret必须是十六进制")
		}
		if err := validateClauses(o); err != nil {
			return err
		}
	}
	return nil
}

// confLogFile is a plain file name that ends in .log, which is no file of the agent's or
// named's own.
var confLogFile = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}\.log$`)

// validateLogging lets a channel write only to a [confLogFile].
func validateLogging(s Statement) error {
	for _, inner := range s.block() {
		if inner.Name() != "channel" {
			if err := validatePlain(inner); err != nil {
				return err
			}
			continue
		}
		for _, o := range inner.block() {
			if o.Name() == "file" && !confLogFile.MatchString(o.word(1)) {
				return confError(o.Line, "日志文件必须是以.log结尾、不含路径的文件名")
			}
		}
	}
	return nil
}
