//! A small school for the tests: one course, who teaches it, who has it, and who has nothing to do with it.

use super::world::{Visitor, World};
use crate::school::timetable::{local, shifted};
use crate::store::people::PersonRole::{Guardian, Head, Office, Operator, Student, Teacher};
use crate::store::{Day, Moment, accounts};
use chrono::Datelike;
use serde_json::{Value, json};

pub struct Scene {
    pub world: World,
    pub office: Visitor,
    pub head: Visitor,
    pub operator: Visitor,
    /// Teaches the course.
    pub teacher: Visitor,
    /// Teaches another one.
    pub colleague: Visitor,
    /// Is in the course …
    pub mia: Visitor,
    /// … and has a mother with an account.
    pub mother: Visitor,
    /// Has nothing to do with it.
    pub other_mother: Visitor,
    /// Mia's course, single lessons on the day of the week that today is.
    pub course: String,
    pub today: Day,
}

impl Scene {
    pub async fn open() -> Self {
        let world = World::open().await;
        let office = world.person("Ida Brandt", &[Office]).await;
        let head = world.person("Hans Leitner", &[Head]).await;
        let operator = world.person("Olaf Pult", &[Operator]).await;
        let teacher = world.person("Anna Berger", &[Teacher]).await;
        let colleague = world.person("Thomas Okafor", &[Teacher]).await;
        let mia = world.person("Mia Wójcik", &[Student]).await;
        let mother = world.person("Ewa Wójcik", &[Guardian]).await;
        let other_mother = world.person("Lena Groß", &[Guardian]).await;
        world.make_guardian(&mother, &mia).await;
        let mut db = world.store.write().await.expect("the database");
        for (person, email) in [(&mother, "ewa@example.org"), (&teacher, "anna@schule.example"), (&colleague, "thomas@schule.example")] {
            accounts::put(&mut db, &person.id, email).await.expect("an account");
        }
        crate::school::categories::seed(&mut db).await.expect("categories");
        db.commit().await.expect("written");
        let (today, _) = local(chrono_tz::Europe::Berlin, Moment::now());
        let mut scene = Self { world, office, head, operator, teacher, colleague, mia, mother, other_mother, course: String::new(), today };
        scene.course = scene.add_course(scene.course_form("Violine Mia", &scene.teacher)).await;
        scene.enrol(&scene.course, &scene.mia).await;
        scene
    }

    /// The planned date so many weeks from today.
    pub fn week(&self, weeks: i64) -> Day {
        shifted(self.today, weeks * 7)
    }

    pub fn course_form(&self, name: &str, teacher: &Visitor) -> Value {
        json!({ "code": "", "name": name, "subject": "Violine", "kind": "single", "teacher": teacher.id.as_str(),
            "weekday": self.today.0.weekday().number_from_monday(), "start_minute": 960, "duration_minutes": 45, "place": "Raum 12",
            "online": false, "valid_from": shifted(self.today, -90), "valid_to": shifted(self.today, 90), "archived": false })
    }

    pub async fn add_course(&self, form: Value) -> String {
        let made = self.office.post("/api/courses", form).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json["course"]["id"].as_str().expect("an id").to_owned()
    }

    pub async fn enrol(&self, course: &str, student: &Visitor) {
        let form = json!({ "student": student.id.as_str(), "valid_from": shifted(self.today, -90), "valid_to": null });
        let made = self.office.post(&format!("/api/courses/{course}/enrolments"), form).await;
        assert_eq!(made.status, 201, "{made:?}");
    }

    /// Where a date is changed.
    pub fn date(&self, weeks: i64) -> String {
        format!("/api/dates/{}/{}", self.course, self.week(weeks))
    }

    /// The identifier of the office's first category.
    pub async fn category(&self) -> String {
        let categories = self.teacher.get("/api/categories").await;
        categories.json[0]["id"].as_str().expect("a category").to_owned()
    }

    /// Who waits for which mail, by subject.
    pub async fn mails(&self) -> Vec<(String, String, String)> {
        let mut db = self.world.store.read().await.expect("the database");
        let query = "SELECT email, subject, body FROM mails ORDER BY email, id";
        sqlx::query_as(query).fetch_all(&mut *db).await.expect("mails")
    }

    pub fn everybody(&self) -> [(&'static str, &Visitor); 8] {
        [
            ("office", &self.office),
            ("head", &self.head),
            ("operator", &self.operator),
            ("teacher", &self.teacher),
            ("colleague", &self.colleague),
            ("student", &self.mia),
            ("mother", &self.mother),
            ("other mother", &self.other_mother),
        ]
    }
}
