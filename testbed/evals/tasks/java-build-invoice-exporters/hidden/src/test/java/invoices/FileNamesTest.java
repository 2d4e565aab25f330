package invoices;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class FileNamesTest {

    @Test
    void runsOfWhatIsNotSafeAreOneDash() {
        assertEquals("R-1", FileNames.safe("R / 1"));
        assertEquals("a_b.2-9", FileNames.safe("a_b.2-9"));
        assertEquals("M-ller", FileNames.safe("Müller"));
    }

    @Test
    void bothExportersUseIt() {
        Invoice invoice = new Invoice("7:8\\9", "C", List.of());
        assertEquals("7-8-9.xml", new XmlExporter().fileName(invoice));
        assertEquals("7-8-9.csv", new CsvExporter().fileName(invoice));
    }
}
