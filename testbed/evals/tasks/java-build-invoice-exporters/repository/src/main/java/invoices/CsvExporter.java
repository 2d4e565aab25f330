package invoices;

import java.util.stream.Collectors;

/** One line for each item, separated by semicolons. */
final class CsvExporter implements Exporter {

    @Override
    public String mediaType() {
        return "text/csv";
    }

    @Override
    public String fileName(Invoice invoice) {
        return FileNames.safe(invoice.number()) + ".csv";
    }

    @Override
    public String export(Invoice invoice) {
        return invoice.items().stream()
                .map(item -> "\"" + item.text().replace("\"", "\"\"") + "\";" + Money.plain(item.cents()) + "\n")
                .collect(Collectors.joining());
    }
}
