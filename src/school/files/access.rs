//! How somebody stands to the place of a file. What follows from it says the matrix ([`crate::school::permit`]).

use crate::school::access::{Access, Denied};
use crate::school::permit::{Action, Object, Relation, Relations};
use crate::school::relations::SUBSTITUTE_DAYS;
use crate::school::threads::{self, GRACE_DAYS};
use crate::school::timetable::{local, shifted};
use crate::store::files::{self, File, Place};
use crate::store::{Connection, CourseId, Day, MessageId, Moment, Result, courses, people};

/// How somebody stands to a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Their own place: a student's own files, a conference that they moderate, a message that they wrote.
    own: bool,
    child: bool,
    taught: bool,
    attended: bool,
    invited: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Course,
    Student,
    Conference,
    Message,
}

impl Standing {
    fn all(self) -> Relations {
        Relations::NONE
            .with(Relation::Own, self.own)
            .with(Relation::Child, self.child)
            .with(Relation::Taught, self.taught)
            .with(Relation::Attended, self.attended)
            .with(Relation::Invited, self.invited)
    }

    /// For looking at the place and what is in it.
    pub fn reading(self) -> Relations {
        self.all()
    }

    /// For adding a file. To a message only its author adds.
    pub fn adding(self) -> Relations {
        if self.kind == Kind::Message { Relations::NONE.with(Relation::Own, self.own) } else { self.all() }
    }

    /// For changing or deleting a file that is there. That a place is about a student does not make the teacher's files in it the student's, and
    /// a file that one has brought is one's own only while one can reach its place.
    pub fn changing(self, access: &Access, file: &File) -> Relations {
        let brought = self.all() != Relations::NONE && file.owner_id.as_ref() == Some(access.id());
        match self.kind {
            Kind::Message => Relations::NONE.with(Relation::Own, self.own),
            Kind::Conference => Relations::NONE.with(Relation::Own, self.own || brought),
            Kind::Course | Kind::Student => Relations::NONE.with(Relation::Own, brought).with(Relation::Taught, self.taught),
        }
    }

    /// Whether a file may be changed or deleted.
    pub fn may_change(self, access: &Access, file: &File) -> bool {
        access.may(Action::Update, Object::File, self.changing(access, file))
    }

    /// Ends a request of who may not look.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn require_read(self, access: &Access) -> std::result::Result<(), Denied> {
        access.require(Action::Read, Object::File, self.reading())
    }

    /// Ends a request of who may not add.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn require_create(self, access: &Access) -> std::result::Result<(), Denied> {
        access.require(Action::Create, Object::File, self.adding())
    }
}

/// How whoever asks stands to a place now. A place that is not there has nobody.
///
/// # Errors
/// The database.
pub async fn standing(db: &mut Connection, access: &Access, place: &Place) -> Result<Standing> {
    // A day more or less does not matter here, so it needs no time zone.
    let today = local(chrono_tz::UTC, Moment::now()).0;
    match place {
        Place::Course(id) => of_course(db, access, id, today).await,
        Place::Student(id) => Ok(Standing {
            own: access.id() == id,
            child: people::is_guardian(db, access.id(), id).await?,
            taught: files::teaches(db, access.id(), id, shifted(today, -GRACE_DAYS)).await?,
            kind: Kind::Student,
            ..Standing::default()
        }),
        Place::Conference(id) => {
            let (own, invited) = files::conference_part(db, access.id(), id).await?;
            Ok(Standing { own, invited, kind: Kind::Conference, ..Standing::default() })
        }
        Place::Message(id) => of_message(db, access, id).await,
    }
}

async fn of_course(db: &mut Connection, access: &Access, id: &CourseId, today: Day) -> Result<Standing> {
    let Some(course) = courses::find(db, id).await? else { return Ok(Standing::default()) };
    let (from, to) = (shifted(today, -SUBSTITUTE_DAYS), shifted(today, SUBSTITUTE_DAYS));
    let taught = course.teacher_id.as_ref() == Some(access.id()) || files::substitutes(db, access.id(), id, from, to).await?;
    let attended = courses::attends(db, access.id(), id, shifted(today, -GRACE_DAYS)).await?;
    Ok(Standing { taught, attended, kind: Kind::Course, ..Standing::default() })
}

/// As the message's conversation is read.
async fn of_message(db: &mut Connection, access: &Access, id: &MessageId) -> Result<Standing> {
    let nobody = Standing { kind: Kind::Message, ..Standing::default() };
    let Some((author, thread)) = files::message(db, id).await? else { return Ok(nobody) };
    // Who can no longer read a conversation has no part in what they wrote there either.
    let Some(listed) = threads::readable(db, access, &thread).await? else { return Ok(nobody) };
    let to_thread = listed.standing;
    Ok(Standing {
        own: author == *access.id(),
        child: to_thread.child.0,
        taught: to_thread.taught.0,
        // A family's conversation about oneself.
        attended: to_thread.attended.0 || to_thread.own.0,
        invited: to_thread.invited.0 || to_thread.everybody.0,
        ..nobody
    })
}
