package wording

// ofCredentials are the texts about what programs act with, and about service users.
var ofCredentials = map[string]string{
	"goes with a new password alone":          "只能与新密码一起使用！",
	"必须是将来的时间！":                               "must be a time to come",
	"必须由1到%d个字母、数字、“.”、“-”或“_”组成！":            "must be 1 to %d letters, digits, dots, hyphens or underscores",
	"必须是token或tsig！":                          "must be token or tsig",
	"只用于tsig！":                                "is for tsig alone",
	"必须是hmac-sha256、hmac-sha384或hmac-sha512！": "must be hmac-sha256, hmac-sha384 or hmac-sha512",
	"View不存在！":                                "there is no such view",
	"一个用户最多有%d个凭据！":                           "a user has at most %d credentials",
	"只能是服务用户！":                                "must be a service user",
	"无权限！这需要登录，不能用凭据":                         "not allowed: this takes a login, not a credential",
	"无权限！凭据只能通过TLS使用":                         "not allowed: credentials are taken by TLS alone",
	"无权限！凭据%s只能读取":                            "not allowed: the credential %s may only read",
	"无权限！凭据%s不能使用此接口":                         "not allowed: this is not for the credential %s",
	"无权限！超出凭据%s的范围":                           "not allowed: this is outside of the bounds of the credential %s",
	"Credential %d 不存在！":                      "credential %d does not exist",
	"服务用户没有个人资料！":                             "a service user has no profile",
	"服务用户没有密码！":                               "a service user has no password",
	"%q不是合法的域名模式：必须是小写的完整域名，*代表一级，**代表任意级！": "%q is no pattern of domain names: an absolute name in lower case, in which * is one label and ** any number of labels",
	"与权限名称不一致！":                                               "contradicts the name",
	"必须是ZONE~域名模式#ACCESS、#UPDATE或#DELETE！":                    "must be ZONE~pattern#ACCESS, #UPDATE or #DELETE",
	"%q不是记录类型！":                                               "%q is no record type",
	"must not be empty: leave it out where there is no bound": "不能为空列表：没有限制时请省略！",
	"must be true or false":                                   "必须是true或false！",
	"must be service":                                         "必须是service！",
}
