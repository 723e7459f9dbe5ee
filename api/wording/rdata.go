package wording

// ofData are texts about the data of types that are rarely seen, in values and in master files.
var ofData = map[string]string{
	"含空格的一个字符串会被读成两个，请分别写出两个字符串": "one string with blanks would be read as two: write both",
	"flags必须为0":              "the flags must be 0",
	"证书不能为空":                 "the certificate must not be empty",
	"flags说没有公钥时不能有公钥":       "with flags that say no key there can be no key",
	"HIT和公钥不能为空，也不能比所写的长度短":  "the HIT and the public key must be there, in the length that is written",
	"D位为1时不能写中继":             "with the D-bit there can be no relay",
	"dohpath必须以/开头，并含有变量dns": "dohpath must begin with / and have the variable dns",

	"%q is no algorithm, or type of certificate: write its number": "%q不是算法或证书类型，请写编号！",
	"%q is no type":                    "%q不是记录类型！",
	"%q is not base64":                 "%q不是base64数据！",
	"a LOC record is written as in %q": "LOC记录的写法应如%q！",
	"a record of type %s has a preference, and a locator or an identifier in its full length":         "%s记录应有优先级，以及完整写出的locator或identifier！",
	"an address of type X25 has digits alone":                                                         "X25的地址只能是数字！",
	"the target of a URI record stands in double quotes":                                              "URI记录的目标必须用双引号括起来！",
	"%q is no parameter that is taken: those of RFC 9460, dohpath with {?dns}, and key with a number": "不支持参数%q：支持RFC 9460的参数、含{?dns}的dohpath，以及key加编号！",
}
