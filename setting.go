package pipeline

import (
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Setting returns an option of the plugin, dotted, with a value, as the user
// would write it:  delimiter: ";"  or, where flags describe the pipeline,
// --delimiter ';'. Without a value it is the option's name. Advice in messages
// is made of it.
func (e Env) Setting(option, value string) string {
	if e.Say != nil {
		return e.Say(option, value)
	}
	return SettingInYAML(option, value)
}

// SettingInYAML returns an option, dotted, with a value as YAML in one line;
// without a value, the option's name.
func SettingInYAML(option, value string) string {
	if value == "" {
		return option
	}
	name, key, nested := strings.Cut(option, ".")
	if nested {
		return name + ": {" + textInYAML(key) + ": " + textInYAML(value) + "}"
	}
	return name + ": " + textInYAML(value)
}

var plainText = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// textInYAML returns a text, in quotes if it is not plainly one.
func textInYAML(text string) string {
	var n yaml.Node
	if plainText.MatchString(text) && yaml.Unmarshal([]byte(text), &n) == nil && n.Content[0].Tag != "!!null" {
		return text
	}
	return strconv.Quote(text)
}
