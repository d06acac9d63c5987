extends Node
## A node with methods of every kind. It reports each call to the test program.

## Stands for a missing argument.
const ABSENT := &"(absent)"


func _init() -> void:
	rpc_config("by_config", {"rpc_mode": MultiplayerAPI.RPC_MODE_ANY_PEER, "call_local": false})
	rpc_config("by_none", {"rpc_mode": MultiplayerAPI.RPC_MODE_DISABLED, "call_local": false})


@rpc("any_peer")
func by_anyone(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_report("by_anyone", [a, b, c])


@rpc("any_peer", "call_local")
func by_anyone_here_too(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_report("by_anyone_here_too", [a, b, c])


@rpc
func by_authority(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_report("by_authority", [a, b, c])


@rpc("authority", "call_local")
func by_authority_here_too(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_report("by_authority_here_too", [a, b, c])


@rpc("any_peer")
func by_anyone_with_nothing() -> void:
	_report("by_anyone_with_nothing", [])


## Sorts before all others, because upper case sorts before lower case.
@rpc("any_peer")
func Zed(a: Variant = ABSENT) -> void:
	_report("Zed", [a])


func by_config(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_report("by_config", [a, b, c])


func by_none(a: Variant = ABSENT) -> void:
	_report("by_none", [a])


func _report(method: String, arguments: Array) -> void:
	var given := arguments.filter(func(argument: Variant) -> bool: return not is_same(argument, ABSENT))
	get_tree().current_scene.report_call(self, method, given)
