package wording

// ofWebhooks are the texts about webhooks.
var ofWebhooks = map[string]string{
	"Webhook %d 不存在！":    "webhook %d does not exist",
	"一个用户最多有%d个Webhook！": "a user has at most %d webhooks",
	"无权限！只有创建者可以这样做":     "not allowed: only who made it may do that",
	"最多%d个！":             "must have at most %d",

	"webhooks are not there now, try again":                                                                     "Webhook暂时不可用，请重试！",
	"too many tests of webhooks":                                                                                "Webhook测试过多",
	"must have at most %d bytes":                                                                                "最多%d字节！",
	"must begin with https://":                                                                                  "必须以https://开头！",
	"must be a URL, such as https://hooks.example.com/opsledger":                                                "必须是URL，例如https://hooks.example.com/opsledger！",
	"must not have a fragment: no receiver gets it":                                                             "不能有“#”之后的部分：接收方收不到它！",
	"must have a port of 1 to 65535, or none":                                                                   "端口必须是1到65535，或者省略！",
	"must have a host name in ASCII letters, or an IP address in its usual form":                                "主机必须是ASCII主机名，或通常写法的IP地址！",
	"must begin with https://, since opsledger was not started with --webhook-allow for its host":               "必须以https://开头，因为opsledger启动时没有用--webhook-allow允许此主机！",
	"must not be at an address that is not public, since opsledger was not started with --webhook-allow for it": "不能是非公网地址，因为opsledger启动时没有用--webhook-allow允许它！",
}
