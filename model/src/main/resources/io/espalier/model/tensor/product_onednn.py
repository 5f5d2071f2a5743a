# The products of matrices where the engine has oneDNN: more methods of the class in kernels.py. For fp32 the engine
# itself would take a BLAS that uses half the width of some processors' vectors. It cannot be recorded, and it knows no
# empty matrices.

  def by_onednn(self: __torch__.Kernels, x: Tensor, w: Tensor) -> bool:
    return x.dtype == torch.float32 and not x.requires_grad and x.numel() > 0 and w.numel() > 0

  # x Wᵀ of x [.., in], W [out, in], both of one type. Either may be a transposed view.
  def product(self: __torch__.Kernels, x: Tensor, w: Tensor) -> Tensor:
    if self.by_onednn(x, w):
      y = ops.mkldnn._linear_pointwise(x, w, None, "none", annotate(List[Optional[number]], []), None)
    else:
      y = torch.linear(x, w)
    return y

  # x Wᵀ + bias
  def product_bias(self: __torch__.Kernels, x: Tensor, w: Tensor, bias: Tensor) -> Tensor:
    if self.by_onednn(x, w):
      y = ops.mkldnn._linear_pointwise(x, w, bias, "none", annotate(List[Optional[number]], []), None)
    else:
      y = torch.linear(x, w, bias)
    return y
