extends Node
## A node whose methods say which types they take.


@rpc("authority", "call_local")
func add_player(id: int, name := "nobody") -> void:
	_tell("add_player", [id, name])


@rpc("any_peer")
func request_action(action: String) -> void:
	_tell("request_action", [action])


@rpc("any_peer", "call_remote", "unreliable_ordered", 3)
func move_to(place: Vector2, pace := 1.0) -> void:
	_tell("move_to", [place, pace])


@rpc("any_peer")
func ping() -> void:
	_tell("ping", [])


func _tell(method: String, arguments: Array) -> void:
	get_tree().current_scene.tell_call(self, method, arguments)
