use super::super::world::World;
use crate::store::people::PersonRole;
use serde_json::json;

const FILE: &str = "PersNr;Name;Vorname;Veranst.;Tg;Zeit;Dauer;Mail\n10482;Achterberg;Karl;Vl-1;Mo;14:00;30;familie@achterberg.example\n\
                    10483;Sommerfeld;Hannah;Vl-2;Do;25:30;45;\n";
const COLUMNS: &str = "person_number,family_name,given_name,course,weekday,start,duration,email";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_office_takes_files_in() {
    let world = World::open().await;
    for role in PersonRole::ALL.iter().filter(|role| **role != PersonRole::Office) {
        let visitor = world.person("Eine Person", &[*role]).await;
        for path in ["preview", "check?columns=family_name", "apply?columns=family_name"] {
            let reply = visitor.send("POST", &format!("/api/imports/{path}"), &[], FILE.into()).await;
            assert_eq!((reply.status, reply.code()), (403, "not_allowed"), "{role:?} {path}");
        }
        assert_eq!(visitor.get("/api/imports/templates").await.status, 403);
        assert_eq!(visitor.put("/api/imports/templates", json!({"name": "x", "columns": []})).await.status, 403);
    }
    assert_eq!(world.stranger().send("POST", "/api/imports/preview", &[], FILE.into()).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_from_preview_to_the_records_and_in_again_without_a_trace() {
    let world = World::open().await;
    let office = world.person("Petra Amt", &[PersonRole::Office]).await;
    let preview = office.send("POST", "/api/imports/preview", &[], FILE.into()).await.json;
    assert_eq!((&preview["rows"], &preview["heading_row"]), (&json!(2), &json!(1)));
    assert_eq!(preview["columns"][4]["field"], json!("weekday"));
    assert_eq!(preview["columns"][4]["recognised"], json!("content"));
    let step = async |path: &str| {
        office.send("POST", &format!("/api/imports/{path}?columns={COLUMNS}&valid_from=2026-08-01"), &[], FILE.into()).await.json
    };
    let dry = step("check").await;
    assert_eq!((&dry["counts"]["new"], &dry["counts"]["failed"]), (&json!(1), &json!(1)));
    assert_eq!((&dry["issues"][0]["row"], &dry["issues"][0]["suggestion"]), (&json!(3), &json!("15:30")));
    assert_eq!(office.get("/api/people?role=student").await.json["total"], json!(0), "a dry run writes nothing");
    assert_eq!(step("apply").await["counts"], dry["counts"]);
    assert_eq!(office.get("/api/people?role=student").await.json["people"][0]["name"], json!("Karl Achterberg"));
    assert_eq!(office.get("/api/people?role=guardian").await.json["people"][0]["name"], json!("Familie Achterberg"));
    assert_eq!(step("apply").await["counts"]["same"], json!(1));
    assert_eq!(office.get("/api/people?role=guardian").await.json["total"], json!(1));
    let empty = office.send("POST", "/api/imports/check?columns=,,", &[], FILE.into()).await;
    assert_eq!((empty.status, empty.code()), (422, "no_columns"));
    let twice = office.send("POST", "/api/imports/check?columns=born,born", &[], FILE.into()).await;
    assert_eq!((twice.status, twice.code()), (422, "field_twice"));
    let broken = office.send("POST", "/api/imports/preview", &[], b"PK\x03\x04".to_vec()).await;
    assert_eq!((broken.status, broken.code()), (422, "file_unreadable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_mapping_is_proposed_the_next_time() {
    let world = World::open().await;
    let office = world.person("Petra Amt", &[PersonRole::Office]).await;
    let columns = json!([{"heading": "Tg", "field": null}, {"heading": "Mail", "field": "place"}]);
    let saved = office.put("/api/imports/templates", json!({"name": "Unsere", "columns": columns})).await;
    assert_eq!(saved.status, 200);
    let preview = office.send("POST", "/api/imports/preview", &[], FILE.into()).await.json;
    assert_eq!(
        (&preview["template"], &preview["columns"][7]["field"], &preview["columns"][4]["field"]),
        (&json!("Unsere"), &json!("place"), &json!(null))
    );
    let id = saved.json["id"].as_str().expect("an id");
    assert_eq!(office.delete(&format!("/api/imports/templates/{id}")).await.status, 204);
    assert_eq!(office.delete(&format!("/api/imports/templates/{id}")).await.status, 404);
    assert_eq!(office.get("/api/imports/templates").await.json.as_array().map(Vec::len), Some(2), "those that ship");
}
