use super::*;
use proptest::prelude::*;

fn cells(text: &[u8]) -> Vec<Vec<String>> {
    read(text, None).expect("a table").rows
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

/// The least that is a workbook, around a sheet's cells.
fn workbook_of(cells: &str) -> Vec<u8> {
    let types = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#;
    let book = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Export" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let relations = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    let sheet = format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>"#
    );
    let package = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", package.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

#[test]
fn every_way_in_which_german_programs_write_a_text_table() {
    let wanted = vec![vec!["Name".to_owned(), "Ort".to_owned()], vec!["Yıldırım".to_owned(), "Übach".to_owned()]];
    assert_eq!(cells("\u{feff}Name;Ort\r\nYıldırım;Übach\r\n".as_bytes()), wanted);
    assert_eq!(cells("Name,Ort\nYıldırım,Übach".as_bytes()), wanted);
    assert_eq!(cells("Name\tOrt\rYıldırım\tÜbach\r".as_bytes()), wanted);
    assert_eq!(cells(b"Name;Ort\nGro\xdfmann;\xdcbach \x80\n")[1], ["Großmann", "Übach €"]);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("Name;Ort\nÖ;Ü".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(cells(&utf16)[1], ["Ö", "Ü"]);
}

#[test]
fn quotes_hold_separators_lines_and_quotes() {
    let rows = cells(b"a;b\n\"Sommerfeld; Hannah\";\"sagt \"\"ja\"\"\"\n\"zwei\nZeilen\";5\" Rohr\n");
    assert_eq!(rows[1], ["Sommerfeld; Hannah", "sagt \"ja\""]);
    assert_eq!(rows[2], ["zwei Zeilen", "5\" Rohr"]);
    assert_eq!(
        cells(b"Lehrkraft;Ort\n\"Lindqvist, Astrid\";a, b, c\n")[1],
        ["Lindqvist, Astrid", "a, b, c"],
        "commas in cells separate nothing"
    );
}

#[test]
fn rows_keep_their_number() {
    let rows = cells(b"Name\n\n\nAchterberg\n;;\n\n");
    assert_eq!((rows.len(), rows[3][0].as_str()), (4, "Achterberg"));
}

#[test]
fn a_workbook_is_read_as_it_shows() {
    let day = 46_350.0; // 24.11.2026
    let rows = [vec![Value::Text("10482".into()), Value::Number(30), Value::Text("=1+1".into())]];
    let bytes = write_xlsx("Export", &["Nr".into(), "Dauer".into(), "Text".into()], &rows).expect("written");
    let sheet = read(&bytes, None).expect("read");
    assert_eq!((sheet.names.as_slice(), sheet.name.as_deref()), (["Export".to_owned()].as_slice(), Some("Export")));
    assert_eq!(sheet.rows, [["Nr", "Dauer", "Text"], ["10482", "30", "=1+1"]]);
    assert_eq!(shown_time(&ExcelDateTime::new(day, calamine::ExcelDateTimeType::DateTime, false)), "24.11.2026");
    assert_eq!(shown_time(&ExcelDateTime::new(0.645_833_333, calamine::ExcelDateTimeType::DateTime, false)), "15:30");
    assert_eq!((shown_number(10_482.0), shown_number(0.5)), ("10482".to_owned(), "0,5".to_owned()));
}

#[test]
fn bombs_and_far_off_cells_are_refused() {
    let bomb = archive(&[("xl/worksheets/sheet1.xml", &vec![b' '; 120 * 1024 * 1024])]);
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(read(&bomb, None), Err(SheetError::Bomb));
    assert_eq!(read(&workbook_of(r#"<row r="1048576"><c r="A1048576"><v>1</v></c></row>"#), None), Err(SheetError::TooManyRows));
    assert_eq!(read(&workbook_of(r#"<row r="1"><c r="XFD1"><v>1</v></c></row>"#), None), Err(SheetError::TooManyColumns));
    assert_eq!(
        read(&workbook_of(r#"<row r="2"><c r="B2"><v>7</v></c></row>"#), None).expect("read").rows,
        [vec![], vec![String::new(), "7".into()]]
    );
    let many: String = "a;b\n".repeat(ROWS_MAX + 1);
    assert_eq!(read(many.as_bytes(), None), Err(SheetError::TooManyRows));
    assert_eq!(read(";".repeat(COLUMNS_MAX + 1).as_bytes(), None), Err(SheetError::TooManyColumns));
    assert_eq!(read(&vec![b'a'; BYTES_MAX + 1], None), Err(SheetError::TooLarge));
    assert_eq!(read(b"PK\x03\x04nothing", None), Err(SheetError::Unreadable));
    assert_eq!(read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None), Err(SheetError::OldExcel));
    assert_eq!(read(b"a\0b", None), Err(SheetError::Unreadable));
    assert_eq!(read(b" \r\n;;", None), Err(SheetError::Empty));
}

#[test]
fn formulas_go_out_as_texts() {
    let rows = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@a", "\tx", "\rx", "Bach; Suite", "10482"].map(|cell| vec![cell]);
    let text = String::from_utf8(write_csv(rows.into_iter())).expect("text");
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split_terminator("\r\n").collect();
    assert_eq!(lines, ["\"'=HYPERLINK(\"\"http://x\"\")\"", "'+1", "'-1", "'@a", "\"'\tx\"", "\"'\rx\"", "\"Bach; Suite\"", "10482"]);
    let rows = [vec![Value::Text("=cmd|' /C calc'!A0".into()), Value::Text("http://x".into())]];
    let bytes = write_xlsx("Export", &["a".into(), "b".into()], &rows).expect("written");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut sheet = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").expect("the sheet").read_to_string(&mut sheet).expect("text");
    assert!(!sheet.contains("<f>") && !sheet.contains("hyperlink"), "{sheet}");
}

#[test]
fn columns_have_the_letters_of_spreadsheets() {
    assert_eq!([0, 6, 25, 26, 51, 52, 99].map(letter), ["A", "G", "Z", "AA", "AZ", "BA", "CV"]);
}

proptest! {
    #[test]
    fn whatever_comes_is_a_bounded_table_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(sheet) = read(&bytes, None) {
            prop_assert!(sheet.rows.len() <= ROWS_MAX && sheet.rows.iter().all(|row| row.len() <= COLUMNS_MAX + 1));
        }
        let mut zip = b"PK\x03\x04".to_vec();
        zip.extend(&bytes);
        prop_assert!(read(&zip, None).is_err());
    }

    #[test]
    fn what_is_written_is_read_again(rows in prop::collection::vec(prop::collection::vec("[a-zA-Zäöüß;\",.0-9]{1,12}", 3), 1..8)) {
        let bytes = write_csv(rows.iter().map(|row| row.iter().map(String::as_str).collect()));
        // Two more columns in quotes must not win over the real separator; ours is always ';'.
        let text = text(&bytes).expect("text");
        if separator(&text) == ';' {
            prop_assert_eq!(text_table(&text).expect("a table").into_iter().filter(|row| row.len() == 3).collect::<Vec<_>>(), rows);
        }
    }
}
