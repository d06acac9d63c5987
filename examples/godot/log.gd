extends RichTextLabel
## The lines of an example, which are also printed.

const MAX_LINES := 500


func show_line(line: String) -> void:
	print(line)
	if get_paragraph_count() > MAX_LINES:
		remove_paragraph(0)
	# As text: lines from other ends must not become markup.
	add_text(line + "\n")
