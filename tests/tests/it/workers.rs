//! Several rooms on several media workers, as people see them: they do not.

use crate::house::{House, Person, assert_step_arrives};
use auftakt_signaling::wire::Role;
use auftakt_tests::workers;

const ROOMS: usize = 6;

async fn lessons(house: &House) -> Vec<(Person, Person)> {
    let mut lessons = vec![];
    for number in 0..ROOMS {
        let (room, seed) = (format!("raum{number}"), 10 * number as u64);
        let teacher = house.person_in(&room, Role::Teacher, "Frau Berger", seed + 1).await;
        let student = house.person_in(&room, Role::Student, "Mia", seed + 2).await;
        lessons.push((teacher, student));
    }
    lessons
}

#[tokio::test]
async fn rooms_are_spread_and_all_of_them_play() {
    let house = House::open().await;
    let mut lessons = lessons(&house).await;
    for step in 0..20 {
        for (teacher, student) in &mut lessons {
            assert_step_arrives(teacher, student, step).await;
            assert_step_arrives(student, teacher, step).await;
        }
    }
    let metrics = house.metrics().await;
    let of = |name: &str, worker: u8| metrics[&format!("{name}{{worker=\"{worker}\"}}")];
    assert_eq!((0..workers()).map(|worker| of("worker_rooms", worker)).sum::<u64>(), ROOMS as u64);
    let fair = ROOMS as u64 / u64::from(workers());
    for worker in 0..workers() {
        assert_eq!((of("worker_rooms", worker), of("worker_peers", worker)), (fair, 2 * fair), "worker {worker}");
        assert!(of("worker_packets_forwarded_total", worker) >= 20 * 8 * fair, "worker {worker}");
    }
}

#[tokio::test]
async fn everybody_may_change_address_and_come_back() {
    let house = House::open().await;
    let mut lessons = lessons(&house).await;
    for round in 0..3 {
        for (teacher, student) in &mut lessons {
            student.browser.move_away().await;
            student.browser.checked().await;
            for step in 0..5 {
                assert_step_arrives(teacher, student, 20 * round + step).await;
                assert_step_arrives(student, teacher, 20 * round + step).await;
            }
            // The page comes back on a new socket, with an ICE restart from yet another port.
            let (socket, welcome) = house.enter(&student.token.clone(), "Mia", Some(student.welcome.resume.clone())).await;
            assert!(welcome.resumed);
            (student.socket, student.welcome) = (socket, welcome);
            student.browser.client.restart_ice();
            student.browser.move_away().await;
            student.offer(false).await;
            student.browser.checked().await;
            for step in 5..10 {
                assert_step_arrives(teacher, student, 20 * round + step).await;
                assert_step_arrives(student, teacher, 20 * round + step).await;
            }
        }
    }
    let metrics = house.metrics().await;
    assert_eq!((metrics["participants"], metrics["peers"]), (2 * ROOMS as u64, 2 * ROOMS as u64));
}
