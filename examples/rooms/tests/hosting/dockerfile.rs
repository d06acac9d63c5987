//! A reader of the instructions that our Dockerfile uses. It is strict: another instruction is an error.

/// Instructions with words as their value, and those whose value is a list of strings.
const PLAIN: [&str; 8] = ["RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "FROM"];
const LISTS: [&str; 2] = ["ENTRYPOINT", "CMD"];

/// The stages of a file.
#[derive(Debug)]
pub struct Dockerfile {
    pub stages: Vec<Stage>,
}

/// An image, and what is made of it.
#[derive(Debug)]
pub struct Stage {
    pub image: String,
    name: Option<String>,
    instructions: Vec<(String, String)>,
}

impl Dockerfile {
    /// Reads a file.
    ///
    /// # Errors
    /// The line, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut stages: Vec<Stage> = Vec::new();
        for line in lines(text)? {
            let (instruction, value) =
                line.split_once(' ').ok_or_else(|| format!("{line}: there is no value"))?;
            let value = value.trim();
            let error = |reason: &str| Err(format!("{line}: {reason}"));
            if instruction == "FROM" {
                stages.push(Stage::from(value).ok_or_else(|| format!("{line}: not an image"))?);
                continue;
            }
            if LISTS.contains(&instruction) {
                list(value).map_err(|reason| format!("{line}: {reason}"))?;
            } else if !PLAIN.contains(&instruction) {
                return error("an instruction that this file does not use");
            }
            if let Some(from) = value.strip_prefix("--from=") {
                let from = from.split(' ').next();
                if !stages.iter().rev().skip(1).any(|stage| stage.name.as_deref() == from) {
                    return error("there is no such stage before this one");
                }
            }
            match stages.last_mut() {
                Some(stage) => stage.instructions.push((instruction.to_owned(), value.to_owned())),
                None => return error("it is before the first FROM"),
            }
        }
        Ok(Self { stages })
    }
}

impl Stage {
    fn from(value: &str) -> Option<Self> {
        let words: Vec<&str> = value.split_whitespace().collect();
        let (image, name) = match words[..] {
            [image] => (image, None),
            [image, "AS", name] => (image, Some(name.to_owned())),
            _ => return None,
        };
        Some(Self { image: image.to_owned(), name, instructions: Vec::new() })
    }

    /// Returns the values of an instruction.
    pub fn values(&self, instruction: &str) -> Vec<&str> {
        let found = self.instructions.iter().filter(|(name, _)| name == instruction);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the strings of the only such instruction.
    #[track_caller]
    pub fn list(&self, instruction: &str) -> Vec<String> {
        let [value] = self.values(instruction)[..] else { panic!("one {instruction}") };
        list(value).expect("it was checked")
    }
}

/// Reads a list of strings without escapes.
///
/// # Errors
/// What is wrong.
pub fn list(text: &str) -> Result<Vec<String>, &'static str> {
    let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let items = inner.ok_or("not a list: a shell would be needed, and there is none")?.split(',');
    items
        .map(|item| {
            let item = item.trim().strip_prefix('"').and_then(|item| item.strip_suffix('"'));
            let item = item.filter(|item| !item.contains(['"', '\\']));
            item.map(str::to_owned).ok_or("not a string")
        })
        .collect()
}

/// Returns the lines without comments. Those that end with a backslash are joined.
fn lines(text: &str) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    let mut joined = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_suffix('\\') {
            Some(start) => joined += start,
            None => {
                lines.push(std::mem::take(&mut joined) + line);
            }
        }
    }
    if joined.is_empty() { Ok(lines) } else { Err(format!("{joined}: the line does not end")) }
}

#[test]
fn files_that_are_wrong_are_refused() {
    const GOOD: &str = "# a\nFROM a AS build\nRUN x \\\n  && y\n\nFROM scratch\nCOPY --from=build /x /y\nENTRYPOINT [\"/y\", \"z\"]\n";
    let good = Dockerfile::parse(GOOD).expect("it is right");
    assert_eq!((good.stages[0].values("RUN"), good.stages[1].list("ENTRYPOINT").len()), (vec!["x && y"], 2));
    for (good, bad) in [
        ("RUN x", "RUNS x"),
        ("--from=build", "--from=built"),
        ("FROM a AS build", "FROM a build"),
        ("FROM a AS build\n", ""),
        ("[\"/y\", \"z\"]", "/y z"),
        ("[\"/y\", \"z\"]", "[\"/y\", z]"),
        ("[\"/y\", \"z\"]", "[\"/y\" \"z\"]"),
        ("\"z\"]\n", "\"z\"] \\\n"),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let text = GOOD.replacen(good, bad, 1);
        assert!(Dockerfile::parse(&text).is_err(), "{text}");
    }
}
