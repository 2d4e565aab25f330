package invoices;

/** What the ministry asks for. */
final class XmlExporter implements Exporter {

    @Override
    public String mediaType() {
        return "application/xml";
    }

    @Override
    public String export(Invoice invoice) {
        StringBuilder xml = new StringBuilder("<invoice number=\"" + escaped(invoice.number()) + "\">");
        for (Invoice.Item item : invoice.items()) {
            xml.append("<item cents=\"" + item.cents() + "\">" + escaped(item.text()) + "</item>");
        }
        return xml.append("</invoice>").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
