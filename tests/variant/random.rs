//! Random values and bytes, the same in each run.

use websocket_peer::variant::{
    Array, Dictionary, ElementType, NodePath, Object, Rid, Signal, StringName, Variant, VariantType,
};

/// A pseudo-random number generator (Marsaglia's xorshift).
pub struct Random(u64);

impl Random {
    /// Creates a generator with its own sequence for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// Returns a value of any type, with at most `depth` nested containers.
    pub fn value(&mut self, depth: usize) -> Variant {
        let kind = VariantType::try_from(self.below(39) as u32).expect("a type");
        self.value_of(kind, depth)
    }

    /// Returns a value of this type, but neither a full object, which is seldom allowed, nor a null object, which is
    /// decoded as `Nil`.
    pub fn value_of(&mut self, kind: VariantType, depth: usize) -> Variant {
        use VariantType as T;
        match kind {
            T::Nil => Variant::Nil,
            T::Bool => (self.below(2) == 1).into(),
            T::Int => self.int().into(),
            T::Float => self.float().into(),
            T::String => self.text().into(),
            T::Vector2 => Variant::Vector2(self.floats().into()),
            T::Vector2i => Variant::Vector2i(self.ints().into()),
            T::Rect2 => Variant::Rect2(self.floats().into()),
            T::Rect2i => Variant::Rect2i(self.ints().into()),
            T::Vector3 => Variant::Vector3(self.floats().into()),
            T::Vector3i => Variant::Vector3i(self.ints().into()),
            T::Transform2D => Variant::Transform2D(self.floats().into()),
            T::Vector4 => Variant::Vector4(self.floats().into()),
            T::Vector4i => Variant::Vector4i(self.ints().into()),
            T::Plane => Variant::Plane(self.floats().into()),
            T::Quaternion => Variant::Quaternion(self.floats().into()),
            T::Aabb => Variant::Aabb(self.floats().into()),
            T::Basis => Variant::Basis(Box::new(self.floats().into())),
            T::Transform3D => Variant::Transform3D(Box::new(self.floats().into())),
            T::Projection => Variant::Projection(Box::new(self.floats().into())),
            T::Color => Variant::Color(self.floats().into()),
            T::StringName => StringName(self.text()).into(),
            T::NodePath => NodePath {
                names: self.list(Self::text),
                subnames: self.list(Self::text),
                absolute: self.below(2) == 1,
            }
            .into(),
            T::Rid => Rid(self.next()).into(),
            T::Object => Object::Id(self.next() | 1).into(),
            T::Callable => Variant::Callable,
            T::Signal => Signal { name: self.text().into(), object: self.next() }.into(),
            T::Dictionary => self.dictionary(depth).into(),
            T::Array => self.array(depth).into(),
            T::PackedByteArray => self.list(|random| random.next() as u8).into(),
            T::PackedInt32Array => self.list(|random| random.next() as i32).into(),
            T::PackedInt64Array => self.list(Self::int).into(),
            T::PackedFloat32Array => self.list(Self::single).into(),
            T::PackedFloat64Array => self.list(Self::float).into(),
            T::PackedStringArray => self.list(Self::text).into(),
            T::PackedVector2Array => Variant::PackedVector2Array(self.list(|random| random.floats().into())),
            T::PackedVector3Array => Variant::PackedVector3Array(self.list(|random| random.floats().into())),
            T::PackedColorArray => Variant::PackedColorArray(self.list(|random| random.floats().into())),
            T::PackedVector4Array => Variant::PackedVector4Array(self.list(|random| random.floats().into())),
            _ => panic!("no value of the type {kind}"),
        }
    }

    fn array(&mut self, depth: usize) -> Array {
        let Some(depth) = depth.checked_sub(1) else { return Array::new() };
        let element_type = self.element_type();
        let mut array = Array::typed(element_type.clone());
        for _ in 0..self.below(6) {
            let value = self.element(&element_type, depth);
            array.push(value).expect("the value has the array's type");
        }
        array
    }

    fn dictionary(&mut self, depth: usize) -> Dictionary {
        let Some(depth) = depth.checked_sub(1) else { return Dictionary::new() };
        let (keys, values) = (self.element_type(), self.element_type());
        let mut dictionary = Dictionary::typed(keys.clone(), values.clone());
        for _ in 0..self.below(6) {
            let (key, value) = (self.element(&keys, depth), self.element(&values, depth));
            dictionary.insert(key, value).expect("key and value have the dictionary's types");
        }
        dictionary
    }

    fn element_type(&mut self) -> ElementType {
        match self.below(60) {
            kind @ 0..39 if kind != VariantType::Object as u64 => {
                ElementType::Builtin(VariantType::try_from(kind as u32).expect("a type"))
            }
            // The class that all classes are decoded as.
            39 => ElementType::Class("EncodedObjectAsID".to_owned()),
            _ => ElementType::Untyped,
        }
    }

    fn element(&mut self, element_type: &ElementType, depth: usize) -> Variant {
        match element_type.kind() {
            VariantType::Nil => self.value(depth),
            kind => self.value_of(kind, depth),
        }
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(5)).map(|_| item(self)).collect()
    }

    /// Returns an integer; all widths are equally likely.
    fn int(&mut self) -> i64 {
        let width = self.below(64);
        self.next() as i64 >> width
    }

    /// Returns a number with random bits, or one with a short representation.
    fn float(&mut self) -> f64 {
        match self.below(3) {
            0 => f64::from_bits(self.next()),
            1 => self.single().into(),
            _ => self.int() as f64 / 8.0,
        }
    }

    fn single(&mut self) -> f32 {
        let number = f32::from_bits(self.next() as u32);
        // Converting a NaN to `f64` and back may change its payload.
        if number.is_nan() { 0.5 } else { number }
    }

    fn floats<const N: usize>(&mut self) -> [f32; N] {
        [(); N].map(|()| self.single())
    }

    fn ints<const N: usize>(&mut self) -> [i32; N] {
        [(); N].map(|()| self.next() as i32)
    }

    fn text(&mut self) -> String {
        const LETTERS: [char; 8] = ['a', 'Z', '"', '\\', '\n', 'é', '日', '😀'];
        (0..self.below(9)).map(|_| LETTERS[self.below(8) as usize]).collect()
    }
}
