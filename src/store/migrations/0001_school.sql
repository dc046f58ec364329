-- The school's records. One text for SQLite and PostgreSQL: identifiers and texts are TEXT, all numbers and truth values BIGINT,
-- days 'YYYY-MM-DD', instants milliseconds since 1970, times of day minutes since midnight.
-- What each column holds about people, and how long it stays, is declared in src/store/classes.rs.

CREATE TABLE persons (
    id TEXT PRIMARY KEY,
    number TEXT UNIQUE,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    folded TEXT NOT NULL,
    born TEXT,
    language TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    archived_at BIGINT
);

CREATE TABLE person_roles (
    person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (person_id, role)
);

CREATE TABLE guardians (
    guardian_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    student_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    PRIMARY KEY (guardian_id, student_id)
);
CREATE INDEX guardians_of ON guardians (student_id);

CREATE TABLE contacts (
    person_id TEXT PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
    email TEXT,
    phone TEXT,
    address TEXT
);
CREATE INDEX contacts_email ON contacts (email);

CREATE TABLE accounts (
    person_id TEXT PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    subject TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of ON sessions (person_id);

CREATE TABLE sign_in_links (
    secret_hash TEXT PRIMARY KEY,
    person_id TEXT REFERENCES persons (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE courses (
    id TEXT PRIMARY KEY,
    code TEXT UNIQUE,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    teacher_id TEXT REFERENCES persons (id) ON DELETE SET NULL,
    weekday BIGINT NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    start_minute BIGINT NOT NULL CHECK (start_minute BETWEEN 0 AND 1439),
    duration_minutes BIGINT NOT NULL CHECK (duration_minutes BETWEEN 5 AND 720),
    place TEXT NOT NULL,
    online BIGINT NOT NULL CHECK (online IN (0, 1)),
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    room TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    archived_at BIGINT
);
CREATE INDEX courses_of ON courses (teacher_id);

CREATE TABLE enrolments (
    id TEXT PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    student_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    UNIQUE (course_id, student_id, valid_from)
);
CREATE INDEX enrolments_of ON enrolments (student_id);

CREATE TABLE holidays (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL
);

CREATE TABLE categories (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    by_school BIGINT NOT NULL CHECK (by_school IN (0, 1)),
    position BIGINT NOT NULL,
    archived_at BIGINT
);

-- What was said of a lesson date; a date without a row is as its course plans it. 'day' is the planned one and stays when the date moves.
CREATE TABLE lesson_dates (
    course_id TEXT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    status TEXT NOT NULL,
    category_id TEXT REFERENCES categories (id),
    moved_day TEXT,
    moved_minute BIGINT,
    substitute_id TEXT REFERENCES persons (id) ON DELETE SET NULL,
    online BIGINT CHECK (online IN (0, 1)),
    given_minutes BIGINT,
    note TEXT NOT NULL,
    version BIGINT NOT NULL,
    finalised_at BIGINT,
    finalised_by TEXT,
    PRIMARY KEY (course_id, day)
);
CREATE INDEX lesson_dates_day ON lesson_dates (day);
CREATE INDEX lesson_dates_moved ON lesson_dates (moved_day);
CREATE INDEX lesson_dates_substitute ON lesson_dates (substitute_id);

CREATE TABLE attendance (
    id TEXT PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    student_id TEXT REFERENCES persons (id) ON DELETE SET NULL,
    present BIGINT NOT NULL CHECK (present IN (0, 1)),
    excused BIGINT NOT NULL CHECK (excused IN (0, 1)),
    from_at BIGINT,
    to_at BIGINT,
    UNIQUE (course_id, day, student_id)
);
CREATE INDEX attendance_of ON attendance (student_id);

-- Who was in the online room of a course, from when to when.
CREATE TABLE presence (
    id TEXT PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL
);
CREATE INDEX presence_of ON presence (course_id, from_at);

CREATE TABLE conferences (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    agenda TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    duration_minutes BIGINT NOT NULL,
    room TEXT NOT NULL UNIQUE,
    moderator_id TEXT REFERENCES persons (id) ON DELETE SET NULL,
    sequence BIGINT NOT NULL,
    cancelled_at BIGINT
);
CREATE INDEX conferences_start ON conferences (starts_at);

CREATE TABLE invitees (
    conference_id TEXT NOT NULL REFERENCES conferences (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    PRIMARY KEY (conference_id, person_id)
);
CREATE INDEX invitees_of ON invitees (person_id);

-- kind: course (with course_id), family (teacher and family of student_id), staff, notice (to the course or the whole school).
CREATE TABLE threads (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    course_id TEXT REFERENCES courses (id) ON DELETE CASCADE,
    student_id TEXT REFERENCES persons (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX threads_course ON threads (course_id);
CREATE INDEX threads_student ON threads (student_id);

CREATE TABLE thread_members (
    thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    PRIMARY KEY (thread_id, person_id)
);
CREATE INDEX thread_members_of ON thread_members (person_id);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    author_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    text TEXT NOT NULL,
    folded TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    UNIQUE (author_id, client_id)
);
CREATE INDEX messages_in ON messages (thread_id, sent_at);

CREATE TABLE read_marks (
    thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (thread_id, person_id)
);
CREATE INDEX read_marks_of ON read_marks (person_id);

-- Where a file belongs: exactly one of these.
CREATE TABLE files (
    id TEXT PRIMARY KEY,
    course_id TEXT REFERENCES courses (id) ON DELETE CASCADE,
    student_id TEXT REFERENCES persons (id) ON DELETE CASCADE,
    conference_id TEXT REFERENCES conferences (id) ON DELETE CASCADE,
    message_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK ((CASE WHEN course_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN student_id IS NULL THEN 0 ELSE 1 END)
         + (CASE WHEN conference_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN message_id IS NULL THEN 0 ELSE 1 END) = 1)
);
CREATE INDEX files_course ON files (course_id);
CREATE INDEX files_student ON files (student_id);
CREATE INDEX files_conference ON files (conference_id);
CREATE INDEX files_message ON files (message_id);

CREATE TABLE file_versions (
    id TEXT PRIMARY KEY,
    file_id TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    crc32 BIGINT NOT NULL,
    object_key TEXT NOT NULL UNIQUE,
    uploaded_by TEXT REFERENCES persons (id) ON DELETE SET NULL,
    uploaded_at BIGINT NOT NULL,
    UNIQUE (file_id, number)
);
CREATE INDEX file_versions_by ON file_versions (uploaded_by);

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    place TEXT NOT NULL,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    received BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX uploads_of ON uploads (person_id);

-- Objects whose rows are gone but whose bytes may still lie in the object store.
CREATE TABLE doomed_objects (
    object_key TEXT PRIMARY KEY,
    doomed_at BIGINT NOT NULL
);

CREATE TABLE mails (
    id TEXT PRIMARY KEY,
    person_id TEXT REFERENCES persons (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    calendar TEXT,
    merge_key TEXT UNIQUE,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    problem TEXT
);
CREATE INDEX mails_due ON mails (due_at);

CREATE TABLE feeds (
    person_id TEXT PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    student_id TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    given BIGINT NOT NULL CHECK (given IN (0, 1)),
    by_person TEXT REFERENCES persons (id) ON DELETE SET NULL,
    said_at BIGINT NOT NULL
);
CREATE INDEX consents_of ON consents (student_id);

-- Append-only: who of the administration saw or changed what. No names and no contents.
CREATE TABLE journal (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    object_id TEXT NOT NULL
);
CREATE INDEX journal_at ON journal (at);

CREATE TABLE templates (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (kind, name)
);

CREATE TABLE exports (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    by_person TEXT REFERENCES persons (id) ON DELETE SET NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    template TEXT NOT NULL,
    rows_written BIGINT NOT NULL
);

CREATE TABLE exported_dates (
    course_id TEXT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    export_id TEXT NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    PRIMARY KEY (course_id, day, export_id)
);

-- Who was erased, so that a backup from before is cleaned when it is restored. A keyed digest, not the identifier.
CREATE TABLE tombstones (
    person_digest TEXT PRIMARY KEY,
    erased_at BIGINT NOT NULL
);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
