package dns

import mdns "github.com/miekg/dns"

// parseCAA reads `flags tag "value"` (RFC 8659).
func parseCAA(_, value string) (mdns.RR, string) {
	s := scanner{text: value}
	if problem := s.scan(); problem != "" {
		return nil, problem
	}
	if s.commented {
		return nil, "引号外不能有“;”：它会成为注释，请把value用双引号括起来" // issue ca.test ; policy=x
	}
	f, problem := fields(value, 3)
	if problem != "" {
		return nil, problem
	}
	rr := &mdns.CAA{Flag: uint8(f.number(0, 8)), Tag: f.list[1].octets, Value: f.plainText(2)}
	if len(rr.Tag) > 15 || rr.Tag == "" || !consistsOf(rr.Tag, "") {
		f.fail("tag必须是1到15个字母或数字")
	}
	return rr, f.problem
}

// parseSSHFP reads "algorithm type fingerprint" (RFC 4255, 6594).
func parseSSHFP(_, value string) (mdns.RR, string) {
	f, problem := joinedFields(value, 3)
	if problem != "" {
		return nil, problem
	}
	rr := &mdns.SSHFP{Algorithm: uint8(f.number(0, 8)), Type: uint8(f.number(1, 8)), FingerPrint: f.hex(2)}
	octets, known := map[uint8]int{1: 20, 2: 32}[rr.Type]
	if !known || len(rr.FingerPrint) != 2*octets {
		f.fail("指纹类型必须为1（SHA-1，40位十六进制）或2（SHA-256，64位十六进制）")
	}
	return rr, f.problem
}

// parseTLSA reads "usage selector matching-type data" (RFC 6698).
func parseTLSA(_, value string) (mdns.RR, string) {
	f, problem := joinedFields(value, 4)
	if problem != "" {
		return nil, problem
	}
	rr := &mdns.TLSA{
		Usage: uint8(f.number(0, 8)), Selector: uint8(f.number(1, 8)), MatchingType: uint8(f.number(2, 8)),
		Certificate: f.hex(3),
	}
	if problem := malformedAssociation(rr.Usage, rr.Selector, rr.MatchingType, rr.Certificate); problem != "" {
		f.fail(problem)
	}
	return rr, f.problem
}

// malformedAssociation checks the fields of TLSA, which are those of SMIMEA, too.
func malformedAssociation(usage, selector, matching uint8, data string) string {
	if usage > 3 || selector > 1 || matching > 2 {
		return "usage必须为0到3，selector为0或1，matching type为0到2"
	}
	if octets, digest := map[uint8]int{1: 32, 2: 64}[matching]; digest && len(data) != 2*octets {
		return "数据长度与matching type不符"
	}
	return ""
}
