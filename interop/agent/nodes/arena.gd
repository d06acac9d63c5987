extends Node
## Spawns units.

const UNIT := preload("res://nodes/unit.tscn")


func _init() -> void:
	var units := Node.new()
	units.name = "Units"
	add_child(units)
	var spawner := MultiplayerSpawner.new()
	spawner.name = "Spawner"
	spawner.spawn_path = ^"../Units"
	spawner.add_spawnable_scene(UNIT.resource_path)
	spawner.spawn_function = _make
	add_child(spawner)


## Spawns one of the spawner's scenes.
func spawn_unit(unit_name: String, place: Vector2, health: int, title: String) -> void:
	var unit := UNIT.instantiate()
	unit.name = unit_name
	unit.position = place
	unit.health = health
	unit.title = title
	$Units.add_child(unit, true)


## Spawns a unit from a value.
func spawn_of(data: Variant) -> void:
	$Spawner.spawn(data)


func remove_unit(unit_name: String) -> void:
	$Units.get_node(unit_name).queue_free()


func _make(data: Variant) -> Node:
	var unit := UNIT.instantiate()
	unit.name = data.name
	unit.title = data.title
	return unit
