pub fn render(_s: &super::Summary) -> String {
    String::new()
}
