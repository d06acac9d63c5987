extends Object
## Texts from other ends, which may hold anything.


## Returns the text without control characters, which could move a terminal's cursor, and not longer than this.
static func one_line(text: String, longest: int) -> String:
	var line := PackedStringArray()
	for letter in text.left(longest):
		var code := letter.unicode_at(0)
		if code >= 0x20 and (code < 0x7f or code >= 0xa0):
			line.append(letter)
	return "".join(line).strip_edges()
