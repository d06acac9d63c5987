extends VBoxContainer
## The controls beside the room: the form to host or join, the log, and the chat line.

signal host_wanted(port: int, player_name: String)
signal join_wanted(url: String, player_name: String)
signal leave_wanted
signal chat_submitted(text: String)

const Room := preload("res://room/room.gd")

var is_connected_to_room := false:
	set(value):
		is_connected_to_room = value
		_form.visible = not value
		_leave.visible = value
		_chat.editable = value

@onready var _room: Room = $"../../Room"
@onready var _form: Control = $Form
@onready var _name: LineEdit = $Form/Name
@onready var _address: LineEdit = $Form/Address
@onready var _leave: Button = $Leave
@onready var _clock: Label = $Clock
@onready var _log: RichTextLabel = $Log
@onready var _chat: LineEdit = $Chat


func _process(_delta: float) -> void:
	_clock.text = "%d s" % ceili(_room.seconds_left)


func show_line(line: String) -> void:
	# As text: lines from other players must not become markup.
	_log.add_text(line + "\n")


func _on_host_pressed() -> void:
	# A host listens at all of its addresses, so only the port matters.
	var parts := _address.text.split(":")
	host_wanted.emit(parts[-1].to_int(), _name.text)


func _on_join_pressed() -> void:
	join_wanted.emit(_address.text, _name.text)


func _on_leave_pressed() -> void:
	leave_wanted.emit()


func _on_chat_submitted(text: String) -> void:
	chat_submitted.emit(text)
	_chat.clear()
