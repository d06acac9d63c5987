extends Control
## Draws the room, and handles the mouse.

## The player points here, in the room's coordinates.
signal pointed(at: Vector2)

const Room := preload("res://room/room.gd")

const COIN := Color.GOLD
const FLOOR := Color(0.13, 0.15, 0.19)
const RADIUS := 8.0
## The least time between two moves that are sent.
const LEAST_MSEC := 50

var _last_msec := 0

@onready var _room: Room = $"../../Room"


func _ready() -> void:
	_room.changed.connect(queue_redraw)


func _draw() -> void:
	draw_rect(Rect2(Vector2.ZERO, size), FLOOR)
	if _room.coin.is_finite():
		draw_circle(_room.coin * size / Room.SIZE, 2 * RADIUS, COIN)
	for id in _room.players:
		var player := _room.players[id]
		var at := player.position * size / Room.SIZE
		# The id alone gives the colour, so that it is the same at all ends.
		draw_circle(at, RADIUS, Color.from_hsv(fmod(id * 0.618034, 1.0), 0.6, 0.9))
		var label := "%s %d" % [player.name, player.score]
		draw_string(get_theme_default_font(), at + Vector2(RADIUS + 4, 5), label)


func _gui_input(event: InputEvent) -> void:
	var mouse := event as InputEventMouse
	if mouse == null or not mouse.button_mask & MOUSE_BUTTON_MASK_LEFT:
		return
	if event is InputEventMouseMotion and Time.get_ticks_msec() - _last_msec < LEAST_MSEC:
		return
	_last_msec = Time.get_ticks_msec()
	pointed.emit(mouse.position * Room.SIZE / size)
