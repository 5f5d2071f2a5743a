# Gram matrices and their factors: more methods of the class in kernels.py.
#
# The Gram matrix H = XᵀX of n features is summed in fp32 and solved in fp64. For large n it needs more memory than
# everything else in its layer. So one fp64 matrix [n, n], called the system, holds first the sums, then H, then its
# factor. All steps work on blocks of rows and columns.

  # The size of a block: large enough that arithmetic takes longer than reading the system, small enough to need little
  # memory.
  def solved_together(self: __torch__.Kernels) -> int:
    return 256

  # Uninitialised memory for the system of n features.
  def system(self: __torch__.Kernels, n: int) -> Tensor:
    return torch.empty([n, n], dtype=torch.float64)

  # Zeros for the sums, fp32 [n, n], in the second half of the system's memory. The first half is not touched yet.
  def sums_in(self: __torch__.Kernels, system: Tensor) -> Tensor:
    n = system.size(0)
    first = torch.empty([0], dtype=torch.float32).set_(system)
    return torch.as_strided(first, [n, n], [n, 1], n * n).zero_()

  # gram [n, n] += xᵀ x of x [.., n], in place.
  def accumulate_gram(self: __torch__.Kernels, gram: Tensor, x: Tensor) -> Tensor:
    rows = x.reshape([-1, x.size(-1)]).to(torch.float32)
    return self.add_product(gram, rows, rows)

  # Converts the sums to H in place. Row i in fp64 ends before row i + 1 of the sums begins, so no sum is overwritten
  # before it is read.
  def widen(self: __torch__.Kernels, system: Tensor, sums: Tensor) -> Tensor:
    step = self.block_rows(sums)
    for start in range(0, system.size(0), step):
      system[start:start + step].copy_((sums[start:start + step]).to(torch.float64))
    return system

  # The mean of the diagonal over the kept features.
  def mean_diagonal(self: __torch__.Kernels, gram: Tensor, kept: Tensor) -> float:
    return float(gram.diagonal().index_select(0, kept).to(torch.float64).mean())

  # Factors H + λI = A Aᵀ in place. A is upper triangular and overwrites the upper triangle of H; the part below the
  # diagonal still holds H. Returns false, with all of H restored, when H is not positive semi-definite up to rounding:
  # for a semi-definite H every pivot is at least λ.
  def factorize(self: __torch__.Kernels, system: Tensor, damping: float) -> bool:
    n, step = system.size(0), self.solved_together()
    diagonal = system.diagonal().clone()
    system.diagonal().add_(damping)
    definite = True
    for done in range(0, n, step):
      if definite:
        end = n - done
        start = max(0, end - step)
        corner = system[start:end, start:end]
        # The engine computes lower triangular factors. With rows and columns reversed, such a factor is upper triangular.
        lower, info = torch.linalg_cholesky_ex(torch.flip(corner, [0, 1]))
        factor = torch.flip(lower, [0, 1])
        definite = int(info) == 0 and float(factor.diagonal().min()) ** 2 >= 0.5 * damping
        if definite:
          corner.tril_(-1).add_(factor)
          above = system[:start, start:end]
          above.copy_(torch.linalg_solve_triangular(factor.t(), above, upper=False, left=False))
          for row in range(0, start, step):
            last = min(row + step, start)
            block = above[row:last]
            system[row:last, row:last].sub_((block @ block.t()).triu_())
            system[row:last, last:start].addmm_(block, above[last:].t(), alpha=-1)
    if not definite:
      for start in range(0, n, step):
        end = min(start + step, n)
        system[start:end, end:].copy_(system[end:, start:end].t())
        below = torch.tril(system[start:end, start:end], -1)
        system[start:end, start:end].copy_(below + below.t())
      system.diagonal().copy_(diagonal)
    return definite

  # Replaces rows [r, n] by rows (A Aᵀ)⁻¹, in place.
  def divide(self: __torch__.Kernels, rows: Tensor, system: Tensor) -> Tensor:
    n, step = system.size(0), self.solved_together()
    for done in range(0, n, step):
      end = n - done
      start = max(0, end - step)
      left = rows[:, start:end].addmm_(rows[:, end:], system[start:end, end:].t(), alpha=-1)
      left.copy_(torch.linalg_solve_triangular(torch.triu(system[start:end, start:end]).t(), left, upper=False, left=False))
    for start in range(0, n, step):
      end = min(start + step, n)
      left = rows[:, start:end].addmm_(rows[:, :start], system[:start, start:end], alpha=-1)
      left.copy_(torch.linalg_solve_triangular(torch.triu(system[start:end, start:end]), left, upper=True, left=False))
    return rows

  # Replaces the upper triangular A by A⁻¹, in place, with zeros below the diagonal.
  def invert(self: __torch__.Kernels, system: Tensor) -> Tensor:
    n, step = system.size(0), self.solved_together()
    for start in range(0, n, step):
      end = min(start + step, n)
      system[start:end, :start].zero_()
      factor = torch.triu(system[start:end, start:end])
      corner = torch.linalg_solve_triangular(factor, torch.eye(end - start, dtype=torch.float64), upper=True)
      system[start:end, start:end].copy_(corner)
      # The columns to the left already hold the inverse.
      above = (system[:start, start:end] @ corner).neg_()
      for row in range(0, start, step):
        last = min(row + step, start)
        system[row:last, start:end].copy_(system[row:last, row:start] @ above[row:])
    return system

  # Replaces U, upper triangular with zeros below the diagonal, by the whole matrix UᵀU, in place.
  def square(self: __torch__.Kernels, factor: Tensor) -> Tensor:
    n, step = factor.size(0), self.solved_together()
    for done in range(0, n, step):
      end = n - done
      start = max(0, end - step)
      # From the last row upwards, because each row is computed from the rows of U above it.
      for below in range(0, end, step):
        last = end - below
        row = max(0, last - step)
        factor[row:last, start:end].copy_(factor[:last, row:last].t() @ factor[:last, start:end])
      factor[start:end, :start].copy_(factor[:start, start:end].t())
    return factor
