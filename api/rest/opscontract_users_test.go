package rest

import (
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func (s *stack) contractOpsUsers() {
	s.t.Helper()
	first, second := aUser("user01"), changed(changed(aUser("user02"), "permissions", "8,6,17"), "nickname", "二狗子")
	second["ssh_keys"] = []string{opsKey + " me@home"}
	s.expect(s.do("POST", pathUser, act("add", []m{first, second})), 200, info(`"add user ok"`))
	one := `{"id":2,"mail":"user01@example.com","username":"user01","nickname":"","department":"dev","permissions":"6,8"}`
	two := `{"id":3,"mail":"user02@example.com","username":"user02","nickname":"二狗子","department":"dev","permissions":"6,8,17"}`
	s.expect(s.do("GET", pathUser+"?username=USER01&start=7", nil), 200, info(one))
	s.expect(s.do("GET", pathUser+"?start=1", nil), 200, info(`{"data":[`+one+`,`+two+`],"count":3}`))
	s.expect(s.do("GET", pathUser+"?start=1&count=1", nil), 200, info(`{"data":[`+one+`],"count":3}`))
	s.expect(s.do("GET", pathUser+"?start=3", nil), 200, info(`{"data":[],"count":3}`))
	s.expect(s.do("GET", pathUser+"?username=nobody", nil), 200, notOK("用户nobody不存在！"))

	// All or nothing, and a name twice in one request is taken.
	s.opsRefused("POST", pathUser, act("add", []m{aUser("user03"), changed(aUser("user04"), "permissions", "99")}), 200, "data[1]: permissions: 权限代码99不存在！")
	s.opsRefused("POST", pathUser, act("add", []m{aUser("user03"), aUser("USER03")}), 200, "data[1]: 用户已存在！")
	s.opsRefused("POST", pathUser, act("add", []m{aUser("user03"), changed(aUser("user04"), "mail", "USER03@example.com")}), 200, "data[1]: 邮箱已存在！")
	s.opsRefused("POST", pathUser, act("add", aUser("user01")), 200, `"用户已存在！`)
	s.opsRefused("POST", pathUser, act("add", []m{}), 200, "data: 必须是1到100个用户！")
	s.opsRefused("POST", pathUser, act("add", "user"), 200, "data: 必须是键不重复的JSON对象")
	s.opsRefused("POST", pathUser, act("add", changed(aUser("user03"), "passwd", "12345")), 200, "password: ")
	s.opsRefused("POST", pathUser, act("add", changed(aUser("user03"), "ssh_keys", []string{"ssh-rsa AAAA"})), 200, "ssh_keys: ")
	for name := range first {
		s.opsRefused("POST", pathUser, act("add", changed(aUser("user03"), name, nil)), 200, name+": 不能为空！")
	}
	s.expect(s.do("POST", pathUser, act("add", changed(aUser("user05"), "permissions", []int{}))), 200, info(`"add user ok"`))
	s.header(s.opsDo("POST", pathUser, act("add", aUser("user06"))), "Location", pathUser+"?username=user06")

	s.expect(s.do("POST", pathUser, act("update", m{"username": "user01", "mail": "new@example.com", "nickname": "狗", "department": "运维", "permissions": "8", "ssh_keys": []string{opsKey}, "new_passwd": "654321"})), 200, info(`"update user ok"`))
	s.expect(s.do("GET", pathUser+"?username=user01", nil), 200, info(`{"id":2,"mail":"new@example.com","username":"user01","nickname":"狗","department":"运维","permissions":"8"}`))
	s.login("user01", "654321")
	before := s.position()
	s.opsDo("POST", pathUser, act("update", m{"username": "user01", "mail": "new@example.com", "nickname": "狗", "department": "", "permissions": "8", "ssh_keys": []string{opsKey + " x"}}))
	if s.position() != before {
		s.t.Error("what says the same is a change")
	}
	s.opsDo("POST", pathUser, act("update", m{"username": "user01", "permissions": []int{}}))
	s.opsRefused("POST", pathUser, act("update", m{"username": "user01", "mail": "user02@example.com", "permissions": "6"}), 200, "邮箱已存在！")
	s.opsRefused("POST", pathUser, act("update", m{"username": "nobody"}), 200, "用户nobody不存在！")
	s.opsRefused("POST", pathUser, act("update", m{"mail": "x@y"}), 200, "username: 不能为空！")
	s.expect(s.do("DELETE", pathUser+"?username=user05", nil), 200, info(`"delete user ok"`))
	s.opsRefused("DELETE", pathUser+"?username=user05", nil, 200, "用户user05不存在！")
	s.opsRefused("DELETE", pathUser+"?username=admin", nil, 200, "不能移除最后一个！")
}

func (s *stack) contractLogins() {
	s.t.Helper()
	none := with("Authorization", "")
	for _, body := range []m{{"name": "user02", "password": "123456"}, {"username": "user02", "passwd": "123456"}} {
		s.matches(s.do("POST", pathLogin, body, none), `\{"ok":true,"info":\{"access_token":"[^"]+"\}\}`)
	}
	token := strings.Split(s.do("POST", pathLogin, m{"name": "user02", "passwd": "123456"}, none).body, `"`)[7]
	s.expect(s.do("GET", pathLogin+"?username=user02", nil, as(token)), 200, info(`"login ok"`))
	s.expect(s.do("GET", pathLogin, nil, none, with("Access_token", token)), 200, info(`"login ok"`))
	s.expect(s.do("GET", pathLogin+"?username=user01", nil, as(token)), 200, info(`"not login"`))
	s.expect(s.do("GET", pathLogin+"?username=user02", nil, none), 200, info(`"not login"`))
	s.expect(s.do("GET", pathLogin, nil, as(token+"x")), 200, info(`"not login"`))
	key, kid := s.tokenKey()
	s.expect(s.do("GET", pathLogin, nil, as(s.forge(jwt.SigningMethodHS256, key, kid, func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Hour).Unix() }))), 200, info(`"login timeout"`))
	for _, body := range []m{{"name": "user02", "password": "wrong!"}, {"name": "nobody", "password": "123456"}} {
		s.expect(s.do("POST", pathLogin, body, none), 403, notOK("认证失败！"))
	}
	s.expect(s.do("POST", pathLogin, m{"name": "user02"}, none), 200, notOK("password: 不能为空！"))
}

func (s *stack) contractPermissions() {
	s.t.Helper()
	s.expect(s.do("GET", pathPermission+"?start=1&count=2", nil), 200, info(`{"data":[{"permission":"adduser","permission_desc":"新增用户","permission_code":2},{"permission":"updateuser","permission_desc":"修改用户","permission_code":3}],"count":17}`))
	s.expect(s.do("GET", pathPermission+"?username=user02&count=1", nil), 200, info(`{"data":[{"permission":"addtask","permission_desc":"新增任务","permission_code":6}],"count":3}`))
	s.expect(s.do("GET", pathPermission+"?username=admin", nil), 200, info(`{"data":[{"permission":"admin","permission_desc":"管理员","permission_code":1}],"count":1}`))
	s.expect(s.do("GET", pathPermission+"?start=17", nil), 200, info(`{"data":[],"count":17}`))
	s.expect(s.do("GET", pathPermission+"?username=nobody", nil), 200, notOK("用户nobody不存在！"))
}

func (s *stack) contractKeys() {
	s.t.Helper()
	grant := m{"username": "user02", "ip": "10.8.0.1", "system_user": "root"}
	at := func(t time.Time) string {
		return "/v1/access?machine=web01&account=root&at=" + strconv.FormatInt(t.Unix(), 10)
	}
	s.matches(s.do("GET", at(time.Now()), nil), `\{"machine":\{"id":1,"machine_name":"web01"\},"account":"root","at":"[^"]+","position":0,"since":null,"users":\[\],"granted":false,"installed":null,"problem":"","error":""\}`)
	s.expect(s.do("POST", pathSSHKey, act("add", grant)), 200, info(`"add ssh key ok"`))
	row := `{"username":"user02","ip":"10.8.0.1","system_user":"root"}`
	s.expect(s.do("GET", pathSSHKey+"?mode=user&username=USER02", nil), 200, info(`{"data":[`+row+`]}`))
	s.expect(s.do("GET", pathSSHKey+"?mode=ip&ip=192.0.0.1", nil), 200, info(`{"data":[`+row+`]}`))
	s.expect(s.do("GET", pathSSHKey+"?mode=ip&ip=10.9.9.9", nil), 200, info(`{"data":[]}`))
	s.expect(s.do("GET", pathSSHKey+"?mode=user&username=nobody", nil), 200, info(`{"data":[]}`))
	for query, says := range map[string]string{"": "mode: ", "?mode=x": "mode: 必须是ip或user！", "?mode=ip": "ip: ", "?mode=ip&ip=x": "ip: ", "?mode=user": "username: "} {
		s.opsRefused("GET", pathSSHKey+query, nil, 200, says)
	}
	s.matches(s.do("GET", "/v1/access?machine=10.8.0.1&account=root", nil), `\{"machine":\{"id":1,"machine_name":"web01"\},"account":"root","at":"[^"]+","position":[0-9]+,"since":"[^"]+","users":\[\{"user_id":3,"username":"user02","keys":\[\{"type":"ssh-ed25519","fingerprint":"SHA256:[A-Za-z0-9+/]{43}"\}\]\}\],"granted":true,"installed":null,"problem":"","error":""\}`)
	s.refused("GET", "/v1/access?machine=nothing&account=root", nil, 404)
	s.refused("GET", "/v1/access?machine=web01", nil, 400)
	s.refused("GET", "/v1/access?machine=web01&account=root&at=yesterday", nil, 400)
	s.opsRefused("POST", pathSSHKey, act("add", changed(grant, "system_user", "-root")), 200, "system_user: ")
	s.expect(s.do("POST", pathSSHKey, act("delete", grant)), 200, info(`"delete ssh key ok"`))
	s.opsRefused("POST", pathSSHKey, act("delete", grant), 200, "不能登录")

	// Deleting a user closes their accounts, in either dialect.
	for name, remove := range map[string]func(){
		"user02": func() { s.opsDo("DELETE", pathUser+"?username=user02", nil) },
		"user06": func() { s.ok("DELETE", "/admin/users/"+strconv.FormatInt(s.idOf("user06"), 10), nil) },
	} {
		s.opsDo("POST", pathUser, act("update", m{"username": name, "ssh_keys": []string{opsKey}}))
		s.opsDo("POST", pathSSHKey, act("add", changed(grant, "username", name)))
		if got := s.do("GET", "/v1/access?machine=web01&account=root", nil); !strings.Contains(got.body, name) {
			s.t.Error(got.body)
		}
		remove()
		if got := s.do("GET", "/v1/access?machine=web01&account=root", nil); !strings.Contains(got.body, `"users":[]`) {
			s.t.Error(got.body)
		}
		s.expect(s.do("GET", pathSSHKey+"?mode=ip&ip=10.8.0.1", nil), 200, info(`{"data":[]}`))
	}
}

// idOf is the id of the named user.
func (s *stack) idOf(name string) int64 {
	s.t.Helper()
	user, err := s.cfg.Access.UserByName(s.t.Context(), name)
	must(s.t, err)
	return int64(user.ID)
}
