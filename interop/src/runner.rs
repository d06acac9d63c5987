//! Goes through the scenarios, and tells about them as cargo's own tests do, so that the same eyes can read it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::Failure;
use crate::engine::{Engine, Place};

/// What happens in a scenario.
type Play = dyn Fn(&mut [Engine]);

/// One scenario: its name, and what it does with as many engines as it wants.
pub struct Scenario {
    name: String,
    engines: usize,
    play: Box<Play>,
}

impl Scenario {
    /// A scenario for `N` engines. They are as good as new.
    pub fn new<const N: usize>(path: &str, play: impl Fn([&mut Engine; N]) + 'static) -> Self {
        let play = move |engines: &mut [Engine]| {
            let mut engines = engines.iter_mut();
            play(std::array::from_fn(|_| engines.next().expect("as many as it wants")));
        };
        Self { name: path.replace("interop::scenarios::", ""), engines: N, play: Box::new(play) }
    }
}

/// Plays those whose name has one of these in it, or all of them. Whether all went well.
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

/// The engines that run. To start one takes a second, so they are used again.
struct Engines<'a> {
    place: &'a Place,
    idle: Vec<Engine>,
}

impl Engines<'_> {
    fn version(&mut self) -> Result<String, Failure> {
        self.at_least(1)?;
        Ok(self.idle[0].version().to_owned())
    }

    /// Whether it went well. Engines of one that did not may be in any state, and are not used again.
    fn play(&mut self, scenario: &Scenario) -> Result<bool, Failure> {
        self.at_least(scenario.engines)?;
        let engines = &mut self.idle[..scenario.engines];
        let played = catch_unwind(AssertUnwindSafe(|| {
            (scenario.play)(engines);
            engines.iter_mut().for_each(Engine::reset);
        }));
        if played.is_err() {
            for (index, mut engine) in self.idle.drain(..scenario.engines).enumerate() {
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
        // They start at the same time; here all are waited for.
        self.idle.iter_mut().try_for_each(Engine::ready)
    }
}
