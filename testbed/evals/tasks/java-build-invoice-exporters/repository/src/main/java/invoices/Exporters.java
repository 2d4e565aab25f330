package invoices;

import java.util.List;
import java.util.Optional;

/** All exporters. */
public final class Exporters {

    private static final List<Exporter> ALL = List.of(new CsvExporter(), new XmlExporter());

    private Exporters() {
    }

    public static Optional<Exporter> forMediaType(String mediaType) {
        return ALL.stream().filter(exporter -> exporter.mediaType().equalsIgnoreCase(mediaType)).findFirst();
    }
}
