package projections

import "context"

// usersAscending is the list of users as the operations dialect reads it.
const usersAscending = `SELECT n.total, p.* FROM (SELECT count(*) AS total FROM access.users WHERE deleted = ` + forEver + `) n
	LEFT JOIN (SELECT ` + userColumns + `, ` + namesOfRoles + ` FROM access.users u WHERE u.deleted = ` + forEver + `
		ORDER BY u.id OFFSET $1 LIMIT $2) p ON true ORDER BY p.id`

// UsersAscending returns the users after the first start ones, by ascending id,
// at most count of them, and the number of all.
func (r *Reader) UsersAscending(ctx context.Context, start, count int) ([]User, int, error) {
	rows, err := r.pool.Query(ctx, usersAscending, start, count)
	if err != nil {
		return nil, 0, err
	}
	return CollectPage(rows, listUsers().scan)
}
