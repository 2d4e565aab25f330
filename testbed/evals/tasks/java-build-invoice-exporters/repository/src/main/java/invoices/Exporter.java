package invoices;

/** A form that invoices are written in. */
public interface Exporter {

    /** Its media type, such as text/csv. */
    String mediaType();

    /** The name of an invoice's file. */
    String fileName(Invoice invoice);

    String export(Invoice invoice);
}
