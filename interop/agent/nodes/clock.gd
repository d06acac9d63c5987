extends Node
## A node with a synchronizer of its own.

var ticks := 0

var _reported := 0


func _init() -> void:
	var config := SceneReplicationConfig.new()
	config.add_property(^".:ticks")
	config.property_set_replication_mode(^".:ticks", SceneReplicationConfig.REPLICATION_MODE_ALWAYS)
	var sync := MultiplayerSynchronizer.new()
	sync.name = "Sync"
	sync.replication_config = config
	add_child(sync)


func _process(_delta: float) -> void:
	if ticks != _reported:
		_reported = ticks
		get_tree().current_scene.report("ticked", {"ticks": ticks})
