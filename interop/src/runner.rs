//! Runs the scenarios, and prints results in the format of cargo's tests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::Failure;
use crate::engine::{Engine, Place};

/// The function of a scenario. The second form starts its engines itself.
enum Play {
    Engines(usize, EnginesPlay),
    Place(Box<dyn Fn(&Place)>),
}

type EnginesPlay = Box<dyn Fn(&mut [Engine])>;

/// A scenario: its name, and its function.
pub struct Scenario {
    name: String,
    play: Play,
}

impl Scenario {
    /// Makes a scenario for `N` engines in their initial state.
    pub fn new<const N: usize>(path: &str, play: impl Fn([&mut Engine; N]) + 'static) -> Self {
        let play = move |engines: &mut [Engine]| {
            let mut engines = engines.iter_mut();
            play(std::array::from_fn(|_| engines.next().expect("enough engines")));
        };
        Self { name: path.to_owned(), play: Play::Engines(N, Box::new(play)) }
    }

    /// Makes a scenario that starts the examples that it needs.
    pub fn of_examples(path: &str, play: impl Fn(&Place) + 'static) -> Self {
        Self { name: path.to_owned(), play: Play::Place(Box::new(play)) }
    }
}

/// Runs the scenarios whose names contain one of these, or all. Returns `true` if all passed.
pub fn run(place: &Place, mut scenarios: Vec<Scenario>, names: &[String]) -> Result<bool, Failure> {
    let all = scenarios.len();
    scenarios.retain(|it| names.is_empty() || names.iter().any(|name| it.name.contains(name)));

    let mut engines = Engines { place, idle: Vec::new() };
    println!("     Running interop ({})", engines.version()?);
    println!("\nrunning {} scenarios", scenarios.len());
    let start = Instant::now();
    let mut failed = Vec::new();
    for scenario in &scenarios {
        let start = Instant::now();
        let passed = engines.play(scenario)?;
        let verdict = if passed { "ok" } else { "FAILED" };
        println!("test {} ... {verdict}", scenario.name);
        println!("     in {:.2} s", start.elapsed().as_secs_f64());
        if !passed {
            failed.push(&scenario.name);
        }
    }
    if !failed.is_empty() {
        println!("\nfailures:");
        failed.iter().for_each(|name| println!("    {name}"));
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s",
        if failed.is_empty() { "ok" } else { "FAILED" },
        scenarios.len() - failed.len(),
        failed.len(),
        all - scenarios.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(failed.is_empty() && !scenarios.is_empty())
}

/// The running engines. Starting one takes a second, so they are reused.
struct Engines<'a> {
    place: &'a Place,
    idle: Vec<Engine>,
}

impl Engines<'_> {
    fn version(&mut self) -> Result<String, Failure> {
        self.at_least(1)?;
        Ok(self.idle[0].version().to_owned())
    }

    /// Runs a scenario. Returns `true` if it passed. Engines of a failed scenario are not reused.
    fn play(&mut self, scenario: &Scenario) -> Result<bool, Failure> {
        let (count, play) = match &scenario.play {
            Play::Place(play) => return Ok(catch_unwind(AssertUnwindSafe(|| play(self.place))).is_ok()),
            Play::Engines(count, play) => (*count, play),
        };
        self.at_least(count)?;
        let engines = &mut self.idle[..count];
        let played = catch_unwind(AssertUnwindSafe(|| {
            play(engines);
            engines.iter_mut().for_each(Engine::reset);
        }));
        if played.is_err() {
            for (index, mut engine) in self.idle.drain(..count).enumerate() {
                println!("---- engine {index} of {} ----\n{}", scenario.name, engine.account());
            }
        }
        Ok(played.is_ok())
    }

    fn at_least(&mut self, count: usize) -> Result<(), Failure> {
        self.idle.retain_mut(Engine::is_running);
        while self.idle.len() < count {
            self.idle.push(Engine::start(self.place)?);
        }
        // They start at the same time.
        self.idle.iter_mut().try_for_each(Engine::ready)
    }
}
