module example.org/burrow

go 1.22
