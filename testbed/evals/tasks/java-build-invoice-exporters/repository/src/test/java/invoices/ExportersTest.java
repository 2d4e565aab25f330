package invoices;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExportersTest {

    private final Invoice invoice = new Invoice(
            "2025/07 A", "Tannen & Co", List.of(new Invoice.Item("Desk \"Oslo\"", 24_905), new Invoice.Item("Refund", -50)));

    @Test
    void writesCsv() {
        Exporter csv = Exporters.forMediaType("Text/CSV").orElseThrow();
        assertEquals("\"Desk \"\"Oslo\"\"\";249.05\n\"Refund\";-0.50\n", csv.export(invoice));
    }

    @Test
    void writesXml() {
        Exporter xml = Exporters.forMediaType("application/xml").orElseThrow();
        assertTrue(xml.export(invoice).startsWith("<invoice number=\"2025/07 A\"><item cents=\"24905\">"));
    }

    @Test
    void namesFilesSoThatEverySystemTakesThem() {
        assertEquals("2025-07-A.csv", Exporters.forMediaType("text/csv").orElseThrow().fileName(invoice));
        assertEquals("2025-07-A.xml", Exporters.forMediaType("application/xml").orElseThrow().fileName(invoice));
    }

    @Test
    void knowsNoOtherForms() {
        assertTrue(Exporters.forMediaType("application/pdf").isEmpty());
    }
}
