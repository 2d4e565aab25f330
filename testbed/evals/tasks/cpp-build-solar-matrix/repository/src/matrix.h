#pragma once

#include <cstddef>
#include <vector>

// Numbers in rows; all of them 0 at first.
class Matrix {
public:
    Matrix(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns), values_(rows * columns) {}

    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    double& at(std::size_t row, std::size_t column) { return values_[row * columns_ + column]; }
    double at(std::size_t row, std::size_t column) const { return values_[row * columns_ + column]; }

private:
    std::size_t rows_, columns_;
    std::vector<double> values_;
};

// Throws std::invalid_argument where the sizes do not fit.
Matrix product(const Matrix& one, const Matrix& other);

// Rows become columns.
Matrix transposed(const Matrix& matrix);

// x of a * x = b. Throws std::domain_error where there is no single solution.
std::vector<double> solve(Matrix a, std::vector<double> b);
