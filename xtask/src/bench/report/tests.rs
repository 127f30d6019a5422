//! Tests of what the overhead benchmark prints.

use std::num::NonZeroUsize;

use super::*;

fn load() -> Load {
    let number = |number| NonZeroUsize::new(number).unwrap();
    Load {
        calls: number(1000),
        in_flight: number(100),
    }
}

fn comparison() -> Comparison {
    let side = |wall_ms, cpu_ms, mib: u64| Measurement {
        wall: Duration::from_millis(wall_ms),
        cpu: Duration::from_millis(cpu_ms),
        peak_memory: mib << 20,
    };
    Comparison {
        latency_ms: 100,
        ideal: Duration::from_secs(1),
        bare: side(1010, 100, 20),
        stack: side(1060, 150, 30),
    }
}

#[test]
fn the_table_says_whether_the_goals_are_met() {
    let expected = "\
1000 calls, 100 in flight, median of 3 runs

latency  side       CPU/call  peak memory       wall  wall/ideal
 100 ms  bare       100.0 µs     20.0 MiB     1.01 s       1.010
 100 ms  stack      150.0 µs     30.0 MiB     1.06 s       1.060
         ratio         1.50x        1.50x      1.05x

at 100 ms, CPU of the bare loop: 1.50x, goal 2x: met
at 100 ms, ideal wall time: 1.06x, goal 1.05x: MISSED
";
    assert_eq!(table(load(), 3, &[comparison()]), expected);
}

#[test]
fn without_latency_there_is_no_goal_for_the_wall() {
    let comparison = Comparison {
        latency_ms: 0,
        ..comparison()
    };
    let goals = goals(&comparison);
    assert_eq!(
        goals,
        "at 0 ms, CPU of the bare loop: 1.50x, goal 2x: met\n"
    );
}
