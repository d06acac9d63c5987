extends Control
## The chat, as a host or as a client, with the messages of Godot's demo "websocket_chat".
##
## Prints a line for each message. The command line, after `--`:
## [codeblock]
## chat host PORT [LINE]…         hosts; sends these lines when the first client is connected
## chat join URL NAME [LINE]…     joins under this name, and sends these lines
## --multiplayer                  on WebSocketMultiplayerPeer, Godot's mid level
## --quit-after=S                 leaves after S seconds
## [/codeblock]

const Arguments := preload("res://arguments.gd")
const Link := preload("res://chat/link.gd")
const Log := preload("res://log.gd")
const MidLevel := preload("res://chat/mid_level.gd")
const Names := preload("res://chat/names.gd")
const Plain := preload("res://chat/plain.gd")
const Texts := preload("res://texts.gd")

const USAGE := "usage: chat (host PORT | join URL NAME) [LINE]… [--multiplayer] [--quit-after=S]"
const LONGEST := 2000

var _link: Link
var _names := Names.new()
var _is_host := false
## At a client: its name, if it has chosen one.
var _name := ""
## The lines of the command line, to send once there is a connection.
var _lines: PackedStringArray = []
## If true, the program ends with the connection.
var _ends_with_connection := false

@onready var _form: Control = $Box/Form
@onready var _name_edit: LineEdit = $Box/Form/Name
@onready var _address: LineEdit = $Box/Form/Address
@onready var _multiplayer: CheckBox = $Box/Form/Multiplayer
@onready var _leave: Button = $Box/Leave
@onready var _log: Log = $Box/Log
@onready var _line: LineEdit = $Box/Line
@onready var _deadline: Timer = $Deadline


func _ready() -> void:
	var arguments: Arguments = Arguments.take()
	if not arguments.is_empty() and not _run(arguments):
		printerr(USAGE)
		get_tree().quit(2)


func host(port: int) -> void:
	_begin(true, "")
	var error := _link.host(port)
	if error != OK:
		_end("cannot host on port %d: %s" % [port, error_string(error)], 1)
		return
	_log.show_line("hosting on port %d" % port)


func join(url: String, player_name: String) -> void:
	_begin(false, player_name)
	var error := _link.join(url)
	if error != OK:
		_end("cannot join %s: %s" % [url, error_string(error)], 1)
		return
	_log.show_line("joining " + url)
	_deadline.start()


func leave() -> void:
	_end("left", 0)


## Sends a line to all others.
func say(text: String) -> void:
	if _is_host:
		_announce(0, "Server says: " + text)
	else:
		_link.send(Link.HOST, text)
		_log.show_line("%s: %s" % ["you" if _name == "" else _name, text])


func _run(arguments: Arguments) -> bool:
	var words := arguments.words.slice(1)
	var is_host := words.size() >= 2 and words[0] == "host" and words[1].to_int() in range(1, 1 << 16)
	var is_client := words.size() >= 3 and words[0] == "join" and words[2].strip_edges() != ""
	if not (is_host or is_client) or not arguments.has_only(["multiplayer", "quit-after"]):
		return false
	_ends_with_connection = true
	_multiplayer.button_pressed = "multiplayer" in arguments.options
	if "quit-after" in arguments.options:
		get_tree().create_timer(arguments.options["quit-after"].to_float()).timeout.connect(leave)
	if is_host:
		_lines = words.slice(2)
		host(words[1].to_int())
	else:
		_lines = words.slice(3)
		join(words[1], words[2])
	return true


func _begin(is_host: bool, player_name: String) -> void:
	_is_host = is_host
	_name = Texts.one_line(player_name, Names.LONGEST)
	_names = Names.new()
	_link = MidLevel.new() if _multiplayer.button_pressed else Plain.new()
	_link.opened.connect(_on_opened)
	_link.closed.connect(_on_closed)
	_link.entered.connect(_on_entered)
	_link.left.connect(func(id: int) -> void: _announce(id, "[%d] disconnected" % id))
	_link.received.connect(_on_received)
	add_child(_link)
	_form.hide()
	_leave.show()
	_line.editable = is_host


## The connection has ended, or could not be made.
func _end(cause: String, exit_code: int) -> void:
	if _link == null:
		return
	_log.show_line(cause)
	_deadline.stop()
	_link.close()
	_link.queue_free()
	_link = null
	_form.show()
	_leave.hide()
	_line.editable = false
	if _ends_with_connection:
		get_tree().quit(exit_code)


func _on_opened() -> void:
	_deadline.stop()
	_line.editable = true
	_log.show_line("connected")
	if _name != "":
		_link.send(Link.HOST, Names.COMMAND + _name)
	_say_lines()


func _on_closed(cause: String) -> void:
	_end(cause, 0 if _deadline.is_stopped() else 1)


func _on_entered(id: int) -> void:
	for line in _names.lines():
		_link.send(id, line)
	_announce(id, "[%d] connected" % id)
	_say_lines()


func _on_received(from: int, text: String) -> void:
	if not _is_host:
		_log.show_line(_names.read(Texts.one_line(text, LONGEST)))
	elif text.begins_with(Names.COMMAND):
		_rename(from, Names.chosen(text))
	else:
		_announce(from, "[%d] Says: %s" % [from, Texts.one_line(text, LONGEST)])


## At the host: gives a client the name that it has chosen, unless another one has it.
func _rename(id: int, name: String) -> void:
	if _names.is_free(name, id):
		_link.send(id, "You are called " + name)
		_announce(id, Names.line(id, name))
	else:
		_link.send(id, "Name refused: choose another one")


## At the host: sends a line to all but one client, and shows it here.
func _announce(except: int, line: String) -> void:
	_link.send(-except, line)
	_log.show_line(_names.read(line))


func _say_lines() -> void:
	for line in _lines:
		say(line)
	_lines.clear()


func _on_deadline_timeout() -> void:
	_end("no answer", 1)


func _on_host_pressed() -> void:
	# A host listens at all of its addresses, so only the port matters.
	var parts := _address.text.trim_suffix("/").split(":")
	host(parts[-1].to_int())


func _on_join_pressed() -> void:
	join(_address.text, _name_edit.text)


func _on_line_submitted(text: String) -> void:
	if _link != null and text.strip_edges() != "":
		say(text)
	_line.clear()


func _on_back_pressed() -> void:
	get_tree().change_scene_to_file("res://start.tscn")
