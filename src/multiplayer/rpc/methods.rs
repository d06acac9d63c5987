//! The method table of a node.

use std::sync::{Arc, OnceLock};

use super::{checksum::checksum, method::Method};

/// The first number of the node's own methods. Those of its script have smaller numbers.
const NODE_LEVEL: u16 = 0x8000;

/// The longest method name, in bytes. A limit of this crate only, since packets do not contain names.
const MAX_NAME_LEN: usize = 255;

/// The largest number of methods for which the checksums without one name are computed.
const MAX_TRIED: usize = 64;

/// The methods of a node. Clones share them.
///
/// The numbers of methods follow from their names. Methods of the script are numbered from 0 in the order of their
/// names' code points, methods of the node itself from 0x8000. If a name is in both tables, a call by
/// that name calls the script's method.
///
/// ```
/// use websocket_peer::multiplayer::{Method, Methods};
///
/// let methods = Methods::new().with(Method::new("roll").any_peer()).with(Method::new("Reset"));
/// assert_eq!(methods.names().collect::<Vec<_>>(), ["Reset", "roll"]);
/// assert_eq!(methods.find("roll").map(|(number, _)| number), Some(1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Methods {
    tables: Arc<MethodTables>,
}

#[derive(Debug, Clone, Default)]
struct MethodTables {
    // Both tables are sorted by name.
    script: Vec<Method>,
    node_level: Vec<Method>,
    /// Computed on first use.
    md5: OnceLock<[u8; 32]>,
    /// Computed when the first checksum that differs arrives.
    md5_without_each: OnceLock<Box<[[u8; 32]]>>,
}

impl Methods {
    /// Creates an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a method.
    #[must_use]
    pub fn with(mut self, method: Method) -> Self {
        let tables = Arc::make_mut(&mut self.tables);
        let table = if method.node_level { &mut tables.node_level } else { &mut tables.script };
        let place = table.partition_point(|other| other.name <= method.name);
        table.insert(place, method);
        tables.md5 = OnceLock::new();
        tables.md5_without_each = OnceLock::new();
        self
    }

    /// Returns the method with this name, and its number.
    pub fn find(&self, name: &str) -> Option<(u16, &Method)> {
        let find = |table: &[Method], first: u16| {
            let place = table.binary_search_by(|method| (*method.name).cmp(name)).ok()?;
            Some(first + u16::try_from(place).ok()?)
        };
        let number = find(&self.tables.script, 0).or_else(|| find(&self.tables.node_level, NODE_LEVEL))?;
        Some((number, self.get(number)?))
    }

    /// Returns the method with this number.
    pub fn get(&self, number: u16) -> Option<&Method> {
        let (table, first) = if number < NODE_LEVEL {
            (&self.tables.script, 0)
        } else {
            (&self.tables.node_level, NODE_LEVEL)
        };
        table.get(usize::from(number - first))
    }

    /// Iterates over the names in the order of the checksum: the node's own methods, then the script's.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.node_level.iter().chain(&self.tables.script).map(|method| &*method.name)
    }

    /// Returns the checksum with which two ends compare their method names: 32 hexadecimal digits.
    pub fn md5(&self) -> &str {
        // Digits are ASCII.
        std::str::from_utf8(self.md5_digits()).unwrap_or_default()
    }

    /// Returns the checksum as in packets.
    pub(crate) fn md5_digits(&self) -> &[u8; 32] {
        self.tables.md5.get_or_init(|| checksum(self.names()))
    }

    /// Returns the checksums with one name left out each, in the order of [`names`](Self::names); none for more than 64
    /// names.
    ///
    /// They are computed once and shared by all clones, because a remote peer decides how often they are needed.
    pub(crate) fn md5_without_each(&self) -> &[[u8; 32]] {
        self.tables.md5_without_each.get_or_init(|| {
            let count = self.names().count();
            let tried = if count > MAX_TRIED { 0 } else { count };
            let without = |left_out: usize| {
                let others = self.names().enumerate().filter(move |(index, _)| *index != left_out);
                checksum(others.map(|(_, name)| name))
            };
            (0..tried).map(without).collect()
        })
    }

    /// Checks that these can be the methods of a node. The error is the reason.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        for table in [&self.tables.script, &self.tables.node_level] {
            if table.len() > usize::from(NODE_LEVEL) {
                return Err("it has more than 32768 methods");
            }
            if table.windows(2).any(|pair| pair[0].name == pair[1].name) {
                return Err("two of its methods have the same name");
            }
            for method in table {
                check_name(&method.name)?;
            }
        }
        Ok(())
    }
}

/// Checks that this can be the name of a method. The error is the reason.
pub(super) const fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("a method has no name");
    }
    if name.len() > MAX_NAME_LEN {
        return Err("a method's name has more than 255 bytes");
    }
    let mut index = 0;
    while index < name.len() {
        if name.as_bytes()[index] == 0 {
            return Err("a method's name has a NUL in it");
        }
        index += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared<'n>(script: impl IntoIterator<Item = &'n str>, node_level: &[&'static str]) -> Methods {
        let script = script.into_iter().map(|name| Method::new(name.to_owned()));
        let node_level = node_level.iter().map(|name| Method::new(*name).node_level());
        script.chain(node_level).fold(Methods::new(), Methods::with)
    }

    /// The names, numbers and checksum were recorded from an engine.
    #[test]
    fn numbers_and_checksum_are_those_of_an_engine() {
        let script = ["any_local", "noargs", "_under", "auth_only", "Zed", "bytes", "any_args"];
        let methods = declared(script, &["native_cfg"]);
        for (name, number) in [
            ("Zed", 0),
            ("_under", 1),
            ("any_args", 2),
            ("any_local", 3),
            ("auth_only", 4),
            ("bytes", 5),
            ("noargs", 6),
            ("native_cfg", 0x8000),
        ] {
            assert_eq!(
                methods.find(name).map(|(number, found)| (number, &*found.name)),
                Some((number, name))
            );
            assert_eq!(methods.get(number).map(|method| &*method.name), Some(name));
        }
        for number in [7, 0x7fff, 0x8001, 0xffff] {
            assert!(methods.get(number).is_none(), "{number}");
        }
        assert!(methods.find("zed").is_none());
        assert_eq!(methods.md5(), "6623ca32d71536798930a8763836e16b");
        assert_eq!(methods.check(), Ok(()));
    }

    #[test]
    fn an_empty_table_has_a_checksum() {
        assert_eq!(Methods::new().md5(), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn names_are_sorted_by_code_points() {
        // In UTF-16 the last two would be swapped.
        let sorted = ["", "A", "Z", "_", "a", "aa", "é", "\u{ffff}", "\u{10000}"];
        let methods = declared(sorted.into_iter().rev(), &[]);
        assert_eq!(methods.names().collect::<Vec<_>>(), sorted);
    }

    #[test]
    fn a_name_in_both_tables_calls_the_script_method() {
        let methods = declared(["b", "a"], &["b", "c"]);
        assert_eq!(methods.find("b").map(|(number, _)| number), Some(1));
        assert_eq!(methods.get(0x8000).map(|method| &*method.name), Some("b"));
        assert_eq!(methods.names().collect::<Vec<_>>(), ["b", "c", "a", "b"]);
        assert_eq!(methods.check(), Ok(()));
    }

    #[test]
    fn adding_a_method_does_not_change_clones() {
        let one = declared(["a"], &[]);
        let md5 = one.md5().to_owned();
        let two = one.clone().with(Method::new("b"));
        assert_ne!(two.md5(), md5);
        assert_eq!((one.md5(), one.names().count()), (&*md5, 1));
    }

    #[test]
    fn the_checksums_without_one_name_are_computed_once_for_all_clones() {
        let methods = declared(["a", "b", "c"], &[]);
        let clone = methods.clone();
        let computed = methods.md5_without_each();
        let expected = [["b", "c"], ["a", "c"], ["a", "b"]].map(|names| *declared(names, &[]).md5_digits());
        assert_eq!(computed, expected);
        assert!(std::ptr::eq(computed, methods.md5_without_each()));
        assert!(std::ptr::eq(computed, clone.md5_without_each()));
        assert_eq!(clone.with(Method::new("d")).md5_without_each().len(), 4);
        assert_eq!(computed.len(), 3);

        let names: Vec<String> = (0..=MAX_TRIED).map(|number| format!("{number:03}")).collect();
        let all = names.iter().map(String::as_str);
        assert!(declared(all.clone(), &[]).md5_without_each().is_empty());
        assert_eq!(declared(all.skip(1), &[]).md5_without_each().len(), MAX_TRIED);
    }

    #[test]
    fn invalid_names_and_tables_are_rejected_with_a_reason() {
        let long = "a".repeat(MAX_NAME_LEN);
        let longer = format!("{long}a");
        for (name, expected) in [
            ("", Err("a method has no name")),
            ("a\0", Err("a method's name has a NUL in it")),
            (&long, Ok(())),
            (&longer, Err("a method's name has more than 255 bytes")),
        ] {
            assert_eq!(declared([name], &[]).check(), expected, "{name:?}");
        }
        let twice = Err("two of its methods have the same name");
        assert_eq!(declared(["a", "b", "a"], &[]).check(), twice);
        assert_eq!(declared([], &["a", "a"]).check(), twice);
        let names: Vec<String> = (0..=NODE_LEVEL).map(|number| format!("{number:05}")).collect();
        let all = names.iter().map(String::as_str);
        assert_eq!(declared(all.clone(), &[]).check(), Err("it has more than 32768 methods"));
        assert_eq!(declared(all.skip(1), &[]).check(), Ok(()));
    }
}
