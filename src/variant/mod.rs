//! Godot's `Variant`: the values that its programs exchange, and their binary forms.
