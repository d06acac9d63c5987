extends Node
## The control connection to the test program: one command per line in, one answer per line out, and events.
##
## A command is {"do": NAME, …}: the child that has a method `do_NAME` is called with it, and what that returns is the
## answer. All numbers arrive as floats, because JSON has no others.

var _control := StreamPeerTCP.new()
var _unread := PackedByteArray()
var _busy := false


func _ready() -> void:
	for argument in OS.get_cmdline_user_args():
		if argument.begins_with("--control="):
			var error := _control.connect_to_host("127.0.0.1", argument.get_slice("=", 1).to_int())
			assert(error == OK)
			return
	printerr("usage: godot --headless --path agent -- --control=PORT")
	get_tree().quit(2)


func _process(_delta: float) -> void:
	_control.poll()
	match _control.get_status():
		StreamPeerTCP.STATUS_CONNECTED:
			_control.set_no_delay(true)
			_read()
		StreamPeerTCP.STATUS_ERROR, StreamPeerTCP.STATUS_NONE:
			# The test program has ended.
			get_tree().quit()


## Reports an event to the test program.
func report(event: String, about := {}) -> void:
	_say({"event": event, "about": about})


## Reports the call of a method, and its sender.
func report_call(node: Node, method: String, arguments: Array) -> void:
	report("called", {
		"path": str(get_tree().root.get_path_to(node)),
		"method": method,
		"from": node.multiplayer.get_remote_sender_id(),
		"arguments": arguments.map(describe),
	})


## Describes a value for comparison: its type, and both of the engine's texts.
func describe(value: Variant) -> Dictionary:
	# The engine's escapes of these two characters are not JSON.
	var text := var_to_str(value).replace("\a", "?").replace("\v", "?")
	return {"type": typeof(value), "text": text, "hex": var_to_bytes(value).hex_encode()}


## Values from their texts, which only the engine reads.
func values(texts: Array) -> Array:
	return texts.map(func(text: String) -> Variant: return str_to_var(text))


func do_hello(_about: Dictionary) -> String:
	return Engine.get_version_info().string


## Answers at the end of this frame.
func do_settle(_about: Dictionary) -> bool:
	await get_tree().process_frame
	await get_tree().process_frame
	return true


## Resets everything for the next scenario.
func do_reset(about: Dictionary) -> bool:
	# The nodes are removed before their session.
	var parts := get_children()
	parts.reverse()
	for part in parts:
		part.reset()
	await do_settle(about)
	printerr(about.marker)
	return true


## Blocks the engine for a time.
func do_freeze(about: Dictionary) -> bool:
	(func() -> void: OS.delay_msec(int(about.msec))).call_deferred()
	return true


func _read() -> void:
	var available := _control.get_available_bytes()
	if available > 0:
		_unread.append_array(_control.get_data(available)[1])
	while not _busy:
		var end := _unread.find(10)
		if end < 0:
			return
		var line := _unread.slice(0, end).get_string_from_utf8()
		_unread = _unread.slice(end + 1)
		_obey(JSON.parse_string(line))


func _obey(command: Dictionary) -> void:
	var method: String = "do_" + command["do"]
	for part: Node in [self] + get_children():
		if part.has_method(method):
			_busy = true
			var answer: Variant = await part.call(method, command)
			_busy = false
			_say({"answer": answer})
			return
	_say({"error": "the agent has no command " + command["do"]})


func _say(what: Dictionary) -> void:
	_control.put_data((JSON.stringify(what) + "\n").to_utf8_buffer())
