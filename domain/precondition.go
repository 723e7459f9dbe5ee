package domain

// CheckVersion compares the position of a resource's last event with the one
// that the client wants to change (If-Match); nil wants any. The error has
// CodePrecondition.
func CheckVersion(want *Position, last Position) error {
	if want == nil || *want == last {
		return nil
	}
	return newError(CodePrecondition, "If-Match", "", "资源已被修改，请刷新后重试！", nil)
}
