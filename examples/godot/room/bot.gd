extends Timer
## A bot: walks to the coin, one step per tick.

const Room := preload("res://room/room.gd")

const STEP := 40.0

## The chat line to send when there is a coin.
var words := ""

@onready var _room: Room = $"../Room"


func _on_timeout() -> void:
	var me: Room.Player = _room.players.get(multiplayer.get_unique_id())
	if me == null or not _room.coin.is_finite():
		return
	_room.move_marker.rpc(me.position.move_toward(_room.coin, STEP))
	if words != "":
		_room.chat.rpc_id(1, words)
		words = ""
