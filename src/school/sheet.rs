//! Spreadsheets: files of other programs as tables of text, and tables as files that other programs open.
//!
//! What comes in is hostile: everything is bounded before it is taken apart. What goes out must not act where it is opened: a text that
//! a spreadsheet would take for a formula goes out as text.

use calamine::{Data, DataRef, ExcelDateTime, Reader, Xlsx};
use std::io::{Cursor, Read};

/// Larger files are refused.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;
/// More rows are refused.
pub const ROWS_MAX: usize = 20_000;
/// More columns are refused.
pub const COLUMNS_MAX: usize = 100;
/// A longer cell is cut: no field is that long, and the check says so.
pub const CELL_CHARS_MAX: usize = 500;
/// What all cells together may hold: many cells of a workbook can point to one long text.
const TEXT_BYTES_MAX: usize = 48 * 1024 * 1024;
/// What a workbook may unpack to: twenty thousand full rows stay far below it.
const UNPACKED_MAX: u64 = 96 * 1024 * 1024;
const PARTS_MAX: usize = 500;
const SHEETS_MAX: usize = 50;

/// Why a file cannot be read as a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    #[error("the file is larger than 8 MiB")]
    TooLarge,
    #[error("the table has more than 20,000 rows")]
    TooManyRows,
    #[error("the table has more than 100 columns")]
    TooManyColumns,
    #[error("the workbook unpacks to more than a timetable can be")]
    Bomb,
    #[error("the file is neither a text table (CSV) nor an Excel workbook (XLSX), or is damaged or protected by a password")]
    Unreadable,
    #[error("this is an old Excel workbook (XLS): save it as XLSX or CSV")]
    OldExcel,
    #[error("the workbook has no such sheet")]
    NoSuchSheet,
    #[error("the table is empty")]
    Empty,
}

impl SheetError {
    /// For programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "file_too_large",
            Self::TooManyRows => "too_many_rows",
            Self::TooManyColumns => "too_many_columns",
            Self::Bomb => "file_unpacks_too_large",
            Self::Unreadable => "file_unreadable",
            Self::OldExcel => "file_old_excel",
            Self::NoSuchSheet => "no_such_sheet",
            Self::Empty => "table_empty",
        }
    }
}

/// A table as it lies in the file: `rows[0]` is row 1 of the spreadsheet, empty rows included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// All sheets of the workbook; empty for a text table.
    pub names: Vec<String>,
    /// The one that was read.
    pub name: Option<String>,
    pub rows: Vec<Vec<String>>,
}

/// Reads a file; of a workbook the sheet of this name, or the first that holds something.
///
/// # Errors
/// It is too large, or no table.
pub fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, SheetError> {
    const ZIP: &[u8] = b"PK\x03\x04";
    const OLE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    if bytes.len() > BYTES_MAX {
        return Err(SheetError::TooLarge);
    }
    let mut sheet = match bytes {
        _ if bytes.starts_with(ZIP) => workbook(bytes, wanted)?,
        _ if bytes.starts_with(OLE) => return Err(SheetError::OldExcel),
        _ => Sheet { rows: text_table(&text(bytes)?)?, ..Sheet::default() },
    };
    while sheet.rows.last().is_some_and(|row| row.iter().all(String::is_empty)) {
        sheet.rows.pop();
    }
    if sheet.rows.is_empty() { Err(SheetError::Empty) } else { Ok(sheet) }
}

/// The letter of a column: A to Z, AA to …
pub fn letter(column: usize) -> String {
    let (high, low) = (column / 26, column % 26);
    let low = char::from(b'A' + u8::try_from(low).unwrap_or_default());
    if high == 0 { low.to_string() } else { format!("{}{low}", letter(high - 1)) }
}

/// UTF-8 when it is that, otherwise what German programs of Windows write.
fn text(bytes: &[u8]) -> Result<String, SheetError> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
            }
        }
    };
    if text.contains('\0') { Err(SheetError::Unreadable) } else { Ok(text) }
}

/// What separates the cells: of `;`, `,` and tab the one that most often stands outside of quotes in the first lines.
fn separator(text: &str) -> char {
    let mut counts = [(';', 0_usize), ('\t', 0), (',', 0)];
    let (mut quoted, mut lines) = (false, 0);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' if !quoted => lines += 1,
            _ if !quoted => counts.iter_mut().filter(|(separator, _)| *separator == c).for_each(|(_, count)| *count += 1),
            _ => {}
        }
        if lines == 20 {
            break;
        }
    }
    // The first of equals: a comma is also what stands in "Nachname, Vorname".
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(';', |(separator, _)| separator)
}

/// RFC 4180, and what is written although it is not in it.
fn text_table(text: &str) -> Result<Vec<Vec<String>>, SheetError> {
    let separator = separator(text);
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), Cell::default());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_blank() => {
                quoted = true;
                cell = Cell::default();
            }
            '\r' | '\n' if !quoted => {
                if c == '\r' && chars.peek() == Some(&'\n') {
                    chars.next();
                }
                row.push(std::mem::take(&mut cell).into_text());
                end_row(&mut rows, &mut row)?;
            }
            c if c == separator && !quoted => {
                row.push(std::mem::take(&mut cell).into_text());
                if row.len() > COLUMNS_MAX {
                    return Err(SheetError::TooManyColumns);
                }
            }
            c => cell.push(c),
        }
    }
    row.push(cell.into_text());
    end_row(&mut rows, &mut row)?;
    Ok(rows)
}

fn end_row(rows: &mut Vec<Vec<String>>, row: &mut Vec<String>) -> Result<(), SheetError> {
    // A separator at every line's end makes no column.
    let row = std::mem::take(row);
    if rows.len() >= ROWS_MAX && row.iter().any(|cell| !cell.is_empty()) {
        return Err(SheetError::TooManyRows);
    }
    if rows.len() <= ROWS_MAX {
        rows.push(row);
    }
    Ok(())
}

/// A cell while it grows.
#[derive(Default)]
struct Cell {
    text: String,
    chars: usize,
}

impl Cell {
    fn push(&mut self, c: char) {
        if self.chars < CELL_CHARS_MAX {
            self.text.push(c);
            self.chars += 1;
        }
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn into_text(self) -> String {
        tidy(&self.text)
    }
}

/// One line: what people see of a cell.
fn tidy(text: &str) -> String {
    let visible = |c: char| if c.is_control() || c == '\u{a0}' { ' ' } else { c };
    let text: String = text.chars().take(CELL_CHARS_MAX).map(visible).collect();
    text.trim().to_owned()
}

/// Unpacks everything once and keeps nothing: what a workbook's directory says of its sizes need not be true.
fn refuse_bombs(bytes: &[u8]) -> Result<(), SheetError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| SheetError::Unreadable)?;
    if archive.len() > PARTS_MAX {
        return Err(SheetError::Bomb);
    }
    let mut left = UNPACKED_MAX;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| SheetError::Unreadable)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| SheetError::Unreadable)?;
        left = left.checked_sub(read).ok_or(SheetError::Bomb)?;
    }
    Ok(())
}

fn workbook(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, SheetError> {
    refuse_bombs(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| SheetError::Unreadable)?;
    let mut names = book.sheet_names();
    names.truncate(SHEETS_MAX);
    if let Some(wanted) = wanted {
        let name = names.iter().find(|name| *name == wanted).cloned().ok_or(SheetError::NoSuchSheet)?;
        return Ok(Sheet { rows: worksheet(&mut book, &name)?, name: Some(name), names });
    }
    for name in &names {
        let rows = worksheet(&mut book, name)?;
        if !rows.is_empty() {
            return Ok(Sheet { rows, name: Some(name.clone()), names: names.clone() });
        }
    }
    Err(SheetError::Empty)
}

/// Cell by cell: a range as wide as a single far-off cell says would take all memory there is.
fn worksheet(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<Vec<String>>, SheetError> {
    let mut cells = match book.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        // A sheet of diagrams.
        Err(_) => return Ok(vec![]),
    };
    let (mut rows, mut bytes) = (Vec::<Vec<String>>::new(), 0);
    while let Some(cell) = cells.next_cell().map_err(|_| SheetError::Unreadable)? {
        let (row, column) = cell.get_position();
        let (row, column) = (row as usize, column as usize);
        let text = shown(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX {
            return Err(SheetError::TooManyColumns);
        }
        if row >= ROWS_MAX {
            return Err(SheetError::TooManyRows);
        }
        bytes += text.len();
        if bytes > TEXT_BYTES_MAX {
            return Err(SheetError::Bomb);
        }
        if rows.len() <= row {
            rows.resize_with(row + 1, Vec::new);
        }
        let cells = &mut rows[row];
        if cells.len() <= column {
            cells.resize_with(column + 1, String::new);
        }
        cells[column] = text;
    }
    Ok(rows)
}

/// A cell as the spreadsheet shows it to people, days and times as Germans write them.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::SharedString(text) => tidy(text),
        DataRef::DateTime(at) => shown_time(at),
        DataRef::Float(number) => shown_number(*number),
        other => match Data::from(other.clone()) {
            Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => tidy(&text),
            Data::Int(number) => number.to_string(),
            Data::Float(number) => shown_number(number),
            Data::Bool(truth) => if truth { "ja" } else { "nein" }.to_owned(),
            _ => String::new(),
        },
    }
}

fn shown_number(number: f64) -> String {
    const EXACT: f64 = 9e15;
    if number.fract() == 0.0 && number.abs() < EXACT { format!("{number:.0}") } else { number.to_string().replace('.', ",") }
}

fn shown_time(at: &ExcelDateTime) -> String {
    let value = at.as_f64();
    if !(0.0..3_000_000.0).contains(&value) {
        return shown_number(value);
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    // 15:59:59.9 is how some programs write four o'clock.
    let minutes = u32::from(hour) * 60 + u32::from(minute) + u32::from(second >= 30);
    let time = format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    if value < 1.0 {
        return time;
    }
    let date = format!("{day:02}.{month:02}.{year:04}");
    if value.fract() < 1e-6 { date } else { format!("{date} {time}") }
}

/// Whether a spreadsheet would take a text for a formula (OWASP, CSV injection).
fn acts(text: &str) -> bool {
    // Also the full-width ones, which some spreadsheets read as the plain.
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A text table as Excel of a German Windows opens it by a double click: UTF-8 with BOM, `;`, CRLF. Formulas are written with an apostrophe before.
pub fn write_csv<'a>(rows: impl Iterator<Item = Vec<&'a str>>) -> Vec<u8> {
    let mut out = String::from('\u{feff}');
    for row in rows {
        for (index, cell) in row.into_iter().enumerate() {
            if index > 0 {
                out.push(';');
            }
            let cell = if acts(cell) { format!("'{cell}") } else { cell.to_owned() };
            if cell.contains([';', '"', '\r', '\n', '\t', ',']) || cell.starts_with(' ') || cell.ends_with(' ') {
                out.push('"');
                out.push_str(&cell.replace('"', "\"\""));
                out.push('"');
            } else {
                out.push_str(&cell);
            }
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

/// A cell that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
}

/// A workbook with one sheet, its first row as headings. Texts are written as texts: never a formula, never a link.
///
/// # Errors
/// The table is larger than a sheet can be.
pub fn write_xlsx(name: &str, headings: &[String], rows: &[Vec<Value>]) -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
    use rust_xlsxwriter::{Format, Workbook};
    let mut book = Workbook::new();
    // Nothing of the machine or its people in the file's properties.
    let properties = rust_xlsxwriter::DocProperties::new().set_author("Auftakt");
    book.set_properties(&properties);
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet().set_name(name)?;
    for (column, heading) in headings.iter().enumerate() {
        sheet.write_string_with_format(0, u16::try_from(column).unwrap_or(u16::MAX), heading, &bold)?;
    }
    for (index, row) in rows.iter().enumerate() {
        let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
        for (column, value) in row.iter().enumerate() {
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            match value {
                Value::Text(text) if text.is_empty() => continue,
                Value::Text(text) => sheet.write_string(line, column, text)?,
                #[expect(clippy::cast_precision_loss, reason = "minutes and counts")]
                Value::Number(number) => sheet.write_number(line, column, *number as f64)?,
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    for column in 0..u16::try_from(headings.len()).unwrap_or(u16::MAX) {
        sheet.set_column_width(column, 16)?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
#[path = "sheet_tests.rs"]
mod tests;
