//! Who is asking: a person who is signed in, and what they may do.

use super::permit::{Action, Object, Relations, may};
use crate::store::people::{Person, PersonRole};
use crate::store::{PersonId, SessionId};

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Access {
    pub person: Person,
    pub roles: Vec<PersonRole>,
    pub session: SessionId,
}

/// Not allowed. What it was about is not said: whoever may not see a thing may not know of it either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not allowed")]
pub struct Denied;

impl Access {
    /// Whose it is.
    pub fn id(&self) -> &PersonId {
        &self.person.id
    }

    /// Whether they have a role.
    pub fn is(&self, role: PersonRole) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the matrix allows it.
    pub fn may(&self, action: Action, object: Object, relations: impl Into<Relations>) -> bool {
        may(&self.roles, action, object, relations.into())
    }

    /// The same, as a question that ends a request.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn require(&self, action: Action, object: Object, relations: impl Into<Relations>) -> Result<(), Denied> {
        if self.may(action, object, relations) { Ok(()) } else { Err(Denied) }
    }
}
