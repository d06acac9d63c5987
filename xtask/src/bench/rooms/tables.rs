//! The tables about rooms.

use super::super::document::Table;
use super::super::numbers::{median, percent, short, spread, whole};
use super::{Amounts, Costs, Measured, PLAYER_HZ, PLAYERS, Step};

/// The results of all candidates, in the order of their names.
pub struct Tables {
    pub names: Vec<&'static str>,
    pub measured: Vec<Vec<Measured>>,
}

const LOAD_HEADS: [&str; 8] = [
    "messages received/s",
    "share of a core",
    "the load's share",
    "latency ms, 50 %",
    "99 %",
    "99.9 %",
    "lost",
    "disconnected",
];

impl Tables {
    /// The candidates with their first number of rooms.
    pub fn first_step(&self) -> (String, Table) {
        let mut table = Table::new(["", "rooms"].into_iter().chain(LOAD_HEADS).chain(["keeps up"]));
        for (name, rounds) in self.names.iter().zip(&self.measured) {
            let steps: Vec<Step> = rounds.iter().filter_map(|round| round.steps.first()).cloned().collect();
            let rooms = whole(median(&steps, |step| step.rooms as f64));
            let holds = steps.iter().filter(|step| step.holds).count();
            let holds = format!("{holds} of {}", steps.len());
            table.row([(*name).to_owned(), rooms].into_iter().chain(load_cells(&steps)).chain([holds]));
        }
        let delay = self.measured.iter().flatten().filter_map(|round| round.steps.first());
        let delay = delay.map(|step| step.delay_us[1] / 1000.0).fold(0.0, f64::max);
        let caption = format!(
            "Each of the {PLAYERS} clients of a room sends {PLAYER_HZ} messages per second, and each goes to {} others. \
             The load sent 99 % of them within {} ms of their due time:",
            PLAYERS - 1,
            short(delay)
        );
        (caption, table)
    }

    /// The largest number of rooms with which each candidate keeps up.
    pub fn limit(&self) -> (String, Table) {
        let heads = ["", "rooms", "clients", "messages sent/s"];
        let heads = heads.into_iter().chain(LOAD_HEADS).chain(["MiB per room", "ended by"]);
        let mut table = Table::new(heads);
        for (name, rounds) in self.names.iter().zip(&self.measured) {
            let steps: Vec<Step> = rounds.iter().filter_map(Measured::last_that_holds).cloned().collect();
            if steps.is_empty() {
                table.row([(*name).to_owned(), "0".to_owned()]);
                continue;
            }
            let cells = [
                spread(&steps, |step| step.rooms as f64, whole),
                whole(median(&steps, |step| (step.rooms * PLAYERS) as f64)),
                short(median(&steps, |step| step.sent_per_second)),
            ];
            let memory = short(median(&steps, |step| step.memory / step.rooms as f64) / f64::from(1 << 20));
            let ended_by = rounds.last().map_or("", Measured::ended_by).to_owned();
            let cells = cells.into_iter().chain(load_cells(&steps)).chain([memory, ended_by]);
            table.row([(*name).to_owned()].into_iter().chain(cells));
        }
        let caption = "The largest number of rooms with which the servers keep up, with the memory of all of them. \
                       A page that several processes have counts once:";
        (caption.to_owned(), table)
    }
}

impl Measured {
    fn last_that_holds(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.holds)
    }

    /// The reason why the number of rooms did not grow further.
    fn ended_by(&self) -> &'static str {
        match self.steps.last() {
            _ if self.out_of_memory => "no memory",
            Some(step) if step.disconnects > 0 => "disconnections",
            Some(step) if step.lost > 0 => "lost messages",
            Some(step) if !step.holds => "latency",
            _ => "the end of the plan",
        }
    }
}

fn load_cells(steps: &[Step]) -> [String; 8] {
    let latency = |part: usize| spread(steps, |step| step.latency_us[part] / 1000.0, short);
    [
        short(median(steps, |step| step.received_per_second)),
        spread(steps, |step| step.server_share, percent),
        percent(median(steps, |step| step.load_share)),
        short(median(steps, |step| step.latency_us[0] / 1000.0)),
        latency(1),
        latency(2),
        steps.iter().map(|step| step.lost).sum::<usize>().to_string(),
        steps.iter().map(|step| step.disconnects).sum::<usize>().to_string(),
    ]
}

/// What rooms and silent players take.
pub fn costs(costs: &[Costs], amounts: &Amounts) -> (String, Table) {
    let Amounts { rooms, nodes, players } = amounts;
    let mut table = Table::new(["", "ours"]);
    let kib = |bytes: f64| short(bytes / 1024.0);
    table.row(["KiB per empty room".to_owned(), spread(costs, |costs| costs.memory_per_room, kib)]);
    table.row(["KiB per silent player".to_owned(), spread(costs, |costs| costs.memory_per_player, kib)]);
    let mut row = |name: String, value: fn(&Costs) -> f64| table.row([name, spread(costs, value, short)]);
    row(format!("rooms opened per second, each with {nodes} nodes"), |costs| costs.rooms_per_second);
    row("the same without nodes".to_owned(), |costs| costs.bare_rooms_per_second);
    row("moves per second".to_owned(), |costs| costs.moves_per_second);
    row("µs of CPU per move".to_owned(), |costs| costs.cpu_us_per_move);
    let caption = format!(
        "The growth of the server's resident memory for {rooms} empty rooms with {nodes} nodes each, and for {players} \
         silent players in rooms of {PLAYERS}. Moves: all players to another room at once, until each has confirmed that \
         it has read everything of its former room:"
    );
    (caption, table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rooms: usize, p99_ms: f64, holds: bool) -> Step {
        Step {
            rooms,
            memory: rooms as f64 * f64::from(1 << 20),
            server_share: 0.5,
            load_share: 0.25,
            sent_per_second: 1000.0,
            received_per_second: 7000.0,
            latency_us: [1000.0, p99_ms * 1000.0, 30_000.0],
            delay_us: [100.0, 200.0, 300.0],
            lost: 0,
            disconnects: 0,
            holds,
        }
    }

    fn round(steps: &[Step]) -> Measured {
        Measured { steps: steps.to_vec(), out_of_memory: false }
    }

    fn last_row(table: &Table) -> String {
        table.to_string().lines().last().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_last_number_of_rooms_that_holds_is_reported() {
        let measured = vec![vec![
            round(&[step(200, 5.0, true), step(250, 9.0, true), step(300, 20.0, false)]),
            round(&[step(200, 6.0, true), step(250, 30.0, false)]),
            round(&[step(200, 7.0, true), step(250, 8.0, true), step(300, 20.0, false)]),
        ]];
        let tables = Tables { names: vec!["ours"], measured };
        let (_, table) = tables.limit();
        let start =
            "| ours | 250 (200–250) | 2,000 | 1,000 | 7,000 | 50.0 % | 25.0 % | 1.00 | 8.00 (6.00–9.00) |";
        let row = last_row(&table);
        assert!(row.starts_with(start), "{row}");
        assert!(row.ends_with("| 1.00 | latency |"), "{row}");
        let row = last_row(&tables.first_step().1);
        assert!(row.starts_with("| ours | 200 |") && row.ends_with("| 3 of 3 |"), "{row}");
    }

    #[test]
    fn a_server_that_never_keeps_up_has_no_rooms() {
        let measured = vec![vec![round(&[step(4, 50.0, false)])]];
        let tables = Tables { names: vec!["slow"], measured };
        assert_eq!(last_row(&tables.limit().1), "| slow | 0 |");
        assert!(last_row(&tables.first_step().1).ends_with("| 0 of 1 |"));
    }

    #[test]
    fn the_reason_for_the_end_is_reported() {
        let with = |change: fn(&mut Step)| {
            let mut last = step(8, 50.0, false);
            change(&mut last);
            round(&[last]).ended_by()
        };
        assert_eq!(with(|step| step.lost = 1), "lost messages");
        assert_eq!(with(|step| (step.lost, step.disconnects) = (1, 1)), "disconnections");
        assert_eq!(with(|step| step.holds = true), "the end of the plan");
        assert_eq!(Measured { steps: Vec::new(), out_of_memory: true }.ended_by(), "no memory");
    }
}
