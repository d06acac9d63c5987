extends Node
## A node with a method for each type of parameter, which reports the converted argument.


@rpc("any_peer")
func row_ends() -> void:
	get_tree().current_scene.report_call(self, "row_ends", [])


@rpc("any_peer")
func take_bool(a: bool) -> void:
	_report(a)


@rpc("any_peer")
func take_int(a: int) -> void:
	_report(a)


@rpc("any_peer")
func take_float(a: float) -> void:
	_report(a)


@rpc("any_peer")
func take_String(a: String) -> void:
	_report(a)


@rpc("any_peer")
func take_Vector2(a: Vector2) -> void:
	_report(a)


@rpc("any_peer")
func take_Vector2i(a: Vector2i) -> void:
	_report(a)


@rpc("any_peer")
func take_Rect2(a: Rect2) -> void:
	_report(a)


@rpc("any_peer")
func take_Rect2i(a: Rect2i) -> void:
	_report(a)


@rpc("any_peer")
func take_Vector3(a: Vector3) -> void:
	_report(a)


@rpc("any_peer")
func take_Vector3i(a: Vector3i) -> void:
	_report(a)


@rpc("any_peer")
func take_Transform2D(a: Transform2D) -> void:
	_report(a)


@rpc("any_peer")
func take_Vector4(a: Vector4) -> void:
	_report(a)


@rpc("any_peer")
func take_Vector4i(a: Vector4i) -> void:
	_report(a)


@rpc("any_peer")
func take_Plane(a: Plane) -> void:
	_report(a)


@rpc("any_peer")
func take_Quaternion(a: Quaternion) -> void:
	_report(a)


@rpc("any_peer")
func take_AABB(a: AABB) -> void:
	_report(a)


@rpc("any_peer")
func take_Basis(a: Basis) -> void:
	_report(a)


@rpc("any_peer")
func take_Transform3D(a: Transform3D) -> void:
	_report(a)


@rpc("any_peer")
func take_Projection(a: Projection) -> void:
	_report(a)


@rpc("any_peer")
func take_Color(a: Color) -> void:
	_report(a)


@rpc("any_peer")
func take_StringName(a: StringName) -> void:
	_report(a)


@rpc("any_peer")
func take_NodePath(a: NodePath) -> void:
	_report(a)


@rpc("any_peer")
func take_RID(a: RID) -> void:
	_report(a)


@rpc("any_peer")
func take_Object(a: Object) -> void:
	_report(a)


@rpc("any_peer")
func take_Callable(a: Callable) -> void:
	_report(a)


@rpc("any_peer")
func take_Signal(a: Signal) -> void:
	_report(a)


@rpc("any_peer")
func take_Dictionary(a: Dictionary) -> void:
	_report(a)


@rpc("any_peer")
func take_Array(a: Array) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedByteArray(a: PackedByteArray) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedInt32Array(a: PackedInt32Array) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedInt64Array(a: PackedInt64Array) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedFloat32Array(a: PackedFloat32Array) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedFloat64Array(a: PackedFloat64Array) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedStringArray(a: PackedStringArray) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedVector2Array(a: PackedVector2Array) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedVector3Array(a: PackedVector3Array) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedColorArray(a: PackedColorArray) -> void:
	_report(a)


@rpc("any_peer")
func take_PackedVector4Array(a: PackedVector4Array) -> void:
	_report(a)


func _report(seen: Variant) -> void:
	get_tree().current_scene.report_call(self, "take_" + type_string(typeof(seen)), [seen])
