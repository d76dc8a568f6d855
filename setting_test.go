package pipeline

import "testing"

func TestSetting(t *testing.T) {
	for _, tc := range []struct{ option, value, want string }{
		{"timestamp", "", "timestamp"},
		{"timestamp", "created_at", "timestamp: created_at"},
		{"timestamp", "the end", `timestamp: "the end"`},
		{"header", "false", "header: false"},
		{"null_values", "NULL", `null_values: "NULL"`},
		{"null_values", "007", `null_values: "007"`},
		{"delimiter", "\t", `delimiter: "\t"`},
		{"types.value", "float", "types: {value: float}"},
		{"types.a: b", "int", `types: {"a: b": int}`},
	} {
		if got := (Env{}).Setting(tc.option, tc.value); got != tc.want {
			t.Errorf("%s %q is %s, want %s", tc.option, tc.value, got, tc.want)
		}
	}
	flags := Env{Say: func(option, value string) string { return "--" + option + " " + value }}
	if got, want := flags.Setting("delimiter", ";"), "--delimiter ;"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
