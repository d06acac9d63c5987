extends Node2D
## A spawned node with a position and a state.

## Sent whenever it changes.
var health := 100
## Sent only when it is spawned.
var title := ""

var _reported := {}


## The spawning peer is the authority, at all ends.
func _enter_tree() -> void:
	set_multiplayer_authority(get_parent().get_multiplayer_authority())


func _ready() -> void:
	_reported = _state()
	get_tree().current_scene.report("appeared", _reported)


func _process(_delta: float) -> void:
	var state := _state()
	if state != _reported:
		_reported = state
		get_tree().current_scene.report("changed", state)


func _exit_tree() -> void:
	get_tree().current_scene.report("vanished", {"name": str(name)})


@rpc("any_peer")
func cheer(what: Variant) -> void:
	get_tree().current_scene.report_call(self, "cheer", [what])


func _state() -> Dictionary:
	return {"name": str(name), "x": position.x, "y": position.y, "health": health, "title": title}
