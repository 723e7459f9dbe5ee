package dns

// maxText is how many characters a free text field may have.
const maxText = 255
