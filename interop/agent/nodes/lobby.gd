extends Node
## A node with typed methods.


@rpc("authority", "call_local")
func add_player(id: int, name := "unnamed") -> void:
	_report("add_player", [id, name])


@rpc("any_peer")
func request_action(action: String) -> void:
	_report("request_action", [action])


@rpc("any_peer", "call_remote", "unreliable_ordered", 3)
func move_to(place: Vector2, pace := 1.0) -> void:
	_report("move_to", [place, pace])


@rpc("any_peer")
func ping() -> void:
	_report("ping", [])


func _report(method: String, arguments: Array) -> void:
	get_tree().current_scene.report_call(self, method, arguments)
