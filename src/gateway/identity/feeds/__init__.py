"""Sources of people: directories, student systems over SOAP or JSON, files. Each gives records with a proof of wholeness."""
