package access

// Permission is a right of the operations dialect. A user holds codes by
// themselves, not through roles.
type Permission struct {
	// Code is its number, Name its English name; Desc is for people.
	Code       int
	Name, Desc string
}

// The codes.
const (
	// CodeAdmin passes every check of the operations dialect, and of no other.
	CodeAdmin         = 1
	CodeAddUser       = 2
	CodeUpdateUser    = 3
	CodeDeleteUser    = 4
	CodeGetUser       = 5
	CodeAddTask       = 6
	CodeDeleteTask    = 7
	CodeGetTask       = 8
	CodeUpdate        = 9
	CodeRevert        = 10
	CodeAddMachine    = 11
	CodeUpdateMachine = 12
	CodeDeleteMachine = 13
	CodeGetMachine    = 14
	CodeGetPermission = 15
	CodeGetSSHKey     = 16
	CodeManageSSHKey  = 17
)

// Permissions lists the whole catalogue, ascending.
func Permissions() []Permission {
	return []Permission{
		{CodeAdmin, "admin", "管理员"},
		{CodeAddUser, "adduser", "新增用户"}, {CodeUpdateUser, "updateuser", "修改用户"},
		{CodeDeleteUser, "deleteuser", "删除用户"}, {CodeGetUser, "getuser", "查询用户"},
		{CodeAddTask, "addtask", "新增任务"}, {CodeDeleteTask, "deletetask", "删除任务"}, {CodeGetTask, "gettask", "查询任务"},
		{CodeUpdate, "update", "执行更新"}, {CodeRevert, "revert", "执行回滚"},
		{CodeAddMachine, "addmachine", "新增机器"}, {CodeUpdateMachine, "updatemachine", "修改机器"},
		{CodeDeleteMachine, "deletemachine", "删除机器"}, {CodeGetMachine, "getmachine", "查询机器"},
		{CodeGetPermission, "getpermission", "查询权限"},
		{CodeGetSSHKey, "getsshkey", "查询SSH密钥"}, {CodeManageSSHKey, "managesshkey", "管理SSH密钥"},
	}
}

// permissionName returns the name of a code, for texts.
func permissionName(code int) string {
	for _, p := range Permissions() {
		if p.Code == code {
			return p.Name
		}
	}
	return "unknown"
}
