extends Node
## A node that can be called from elsewhere in every way there is. Each call is told to the test program.

## What stands for an argument that was not given.
const ABSENT := &"(absent)"


func _init() -> void:
	rpc_config("by_config", {"rpc_mode": MultiplayerAPI.RPC_MODE_ANY_PEER, "call_local": false})
	rpc_config("by_nobody", {"rpc_mode": MultiplayerAPI.RPC_MODE_DISABLED, "call_local": false})


@rpc("any_peer")
func by_anyone(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_tell("by_anyone", [a, b, c])


@rpc("any_peer", "call_local")
func by_anyone_here_too(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_tell("by_anyone_here_too", [a, b, c])


@rpc
func by_authority(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_tell("by_authority", [a, b, c])


@rpc("authority", "call_local")
func by_authority_here_too(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_tell("by_authority_here_too", [a, b, c])


@rpc("any_peer")
func by_anyone_with_nothing() -> void:
	_tell("by_anyone_with_nothing", [])


## Sorted before all others, for upper case comes before lower case.
@rpc("any_peer")
func Zed(a: Variant = ABSENT) -> void:
	_tell("Zed", [a])


func by_config(a: Variant = ABSENT, b: Variant = ABSENT, c: Variant = ABSENT) -> void:
	_tell("by_config", [a, b, c])


func by_nobody(a: Variant = ABSENT) -> void:
	_tell("by_nobody", [a])


func _tell(method: String, arguments: Array) -> void:
	var given := arguments.filter(func(argument: Variant) -> bool: return not is_same(argument, ABSENT))
	get_tree().current_scene.tell_call(self, method, given)
